"""What judges' pages are fetched through: sheets of their own, in panels they sit on, while they hold the role.

Role, membership of the panel and account are read at every request: who loses one of them has no desk any more.
"""

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import User
from accounts.rights import Right, has, units_with
from videos.models import OPEN_STATES, ClipContest, PanelMember, ScoreSheet


def panels_of(user: User) -> QuerySet[ClipContest]:
    """The clip contests whose panel the person sits on, the newest first, with `left`: their own sheets still open."""
    own_open = Q(clips__sheets__judge=user, clips__sheets__state__in=OPEN_STATES)
    return (
        _judged_by(user)
        .annotate(left=Count("clips__sheets", filter=own_open))
        .select_related("contest__unit")
        .order_by("-scoring_started_at", "-pk")
    )


def sheets_of(user: User) -> QuerySet[ScoreSheet]:
    """The person's own sheets, in the order of the clips' numbers: an order that no score has a part in."""
    return ScoreSheet.objects.filter(judge=user, clip__clip_contest__in=_judged_by(user)).order_by("clip__number", "pk")


def _judged_by(user: User) -> QuerySet[ClipContest]:
    seat = PanelMember.objects.filter(clip_contest=OuterRef("pk"), judge=user)
    return ClipContest.objects.filter(Exists(seat), contest__unit__in=units_with(user, Right.SCORE_CLIPS))


def require_judge(request: HttpRequest) -> None:
    """Raises Http404 for who is no judge anywhere."""
    if not has(request.user, Right.SCORE_CLIPS):
        raise Http404


def sheet_for(user: User, pk: int) -> ScoreSheet:
    """One's own sheet with its clip. Raises Http404 for everybody else's."""
    related = ("clip__clip_contest__contest__unit", "clip__clip_contest__rubric", "clip__genre", "clip__current")
    return get_object_or_404(sheets_of(user).select_related(*related), pk=pk)


def chaired_for(user: User, pk: int) -> ClipContest:
    """A clip contest whose panel the person chairs. Raises Http404."""
    chaired = PanelMember.objects.filter(judge=user, is_chair=True).values("clip_contest")
    contests = _judged_by(user).filter(pk__in=chaired, scoring_started_at__isnull=False)
    return get_object_or_404(contests.select_related("contest__unit"), pk=pk)
