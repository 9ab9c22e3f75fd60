"""Who may watch which clip. Every page and every byte of a file is fetched through here."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from accounts.rights import Right, Visitor, has_over, units_with
from videos.models import Clip, ClipFile, ClipState, PanelMember, ScoreSheet

# What a judge and the public are given. The file as handed in may name people, and the place where it was taken.
SHOWN_NAMES = frozenset({"720.mp4", "480.mp4", "poster.jpg", "captions.vtt"})
ALL_NAMES = SHOWN_NAMES | {"original"}


def watchable_by(user: Visitor) -> QuerySet[Clip]:
    """The clips that `user` may watch now.

    Everybody: what is published. Coordinators: their units' own, drafts too. Organisers, secretaries and auditors:
    what units in their scope have handed in. Judges: accepted clips that are assigned to them, while they sit on the
    panel and unless they declared a conflict of interest.
    """
    allowed = Q(pk__in=Clip.objects.published().values("pk"))
    if not user.is_authenticated:
        return Clip.objects.filter(allowed)
    allowed |= Q(unit__in=units_with(user, Right.HAND_IN_CLIPS))
    allowed |= Q(unit__in=units_with(user, Right.READ_CLIP_CONTESTS), number__isnull=False)
    sheets = ScoreSheet.objects.filter(clip=OuterRef("pk"), judge_id=user.pk, has_conflict=False)
    seat = PanelMember.objects.filter(clip_contest=OuterRef("clip_contest"), judge_id=user.pk)
    judging = units_with(user, Right.SCORE_CLIPS)
    allowed |= Q(Exists(sheets), Exists(seat), state=ClipState.ACCEPTED, clip_contest__contest__unit__in=judging)
    return Clip.objects.filter(allowed)


def may_watch(user: Visitor, clip: Clip) -> bool:
    return watchable_by(user).filter(pk=clip.pk).exists()


def names_for(user: Visitor, file: ClipFile) -> frozenset[str]:
    """Which files of a version `user` may have; none, when they may not watch its clip.

    Who is there as a judge or as the public gets what counts, not earlier versions, and never the file as handed in.
    """
    clip = file.clip
    if isinstance(user, User) and user.is_active:
        own = has_over(user, Right.HAND_IN_CLIPS, clip.unit_id)
        if own or (clip.number is not None and has_over(user, Right.READ_CLIP_CONTESTS, clip.unit_id)):
            return ALL_NAMES
    return SHOWN_NAMES if file.pk == clip.current_id and may_watch(user, clip) else frozenset()
