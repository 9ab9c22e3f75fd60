"""Starting the panel: rules and rubric frozen, clips given to judges; so are clips that are accepted later."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.audit import record_audit
from accounts.clock import ClockTimestamp, server_now
from accounts.models import User
from accounts.problems import Refused
from accounts.rights import Right, holders_over
from contest.templatetags.portal import closing
from notifications.models import Kind
from notifications.services import notify
from videos.models import Clip, ClipContest, ClipState, Combination, Rubric, ScoreSheet
from videos.panel.assignment import Assignment, balance
from videos.panel.interests import excluded_pairs
from videos.panel.services.appointing import locked
from videos.result.ranking import faults_of_chain

MOST_CLIPS_NAMED = 20
# With fewer sheets for a clip these combinations mean nothing.
FEWEST_SHEETS = {Combination.TRIMMED_MEAN: 3, Combination.SEVERITY: 2}


def judges_needed(clip_contest: ClipContest) -> int:
    """How many judges the contest's rules ask for at least."""
    fewest = FEWEST_SHEETS.get(Combination(clip_contest.combination), 1)
    return max(clip_contest.judges_per_clip or 1, fewest)


def faults_before_scoring(clip_contest: ClipContest) -> list[str]:
    """What is still to be put right before the panel can start, in sentences; empty when nothing is."""
    return [*_faults_of_rules(clip_contest), *_faults_of_clips(clip_contest), *_faults_of_panel(clip_contest)]


def _faults_of_rules(clip_contest: ClipContest) -> list[str]:
    faults = []
    if clip_contest.rubric is None:
        faults.append(_("Chưa chọn thang điểm."))
    elif not clip_contest.rubric.criteria.exists():
        faults.append(_("Thang điểm chưa có tiêu chí nào."))
    else:  # another contest may have changed the rubric since; no result could be computed by a chain that does not fit
        faults += faults_of_chain(clip_contest.tie_chain, criteria=clip_contest.rubric.criteria.count())
    wanted, fewest = clip_contest.judges_per_clip, FEWEST_SHEETS.get(Combination(clip_contest.combination), 1)
    if wanted is not None and wanted < fewest:
        values = {"fewest": fewest, "combination": clip_contest.get_combination_display()}
        faults.append(_("Cách tính “%(combination)s” cần ít nhất %(fewest)s giám khảo chấm mỗi video.") % values)
    return faults


def _faults_of_clips(clip_contest: ClipContest) -> list[str]:
    faults = []
    if server_now() < clip_contest.closes_at:
        faults.append(_("Chưa hết hạn nhận video (%(closes)s).") % {"closes": closing(clip_contest.closes_at)})
    waiting = list(clip_contest.clips.filter(state=ClipState.SUBMITTED).order_by("number"))
    if waiting:
        faults.append(_("Chưa rà soát xong: %(clips)s.") % {"clips": names_of(waiting)})
    if not clip_contest.clips.accepted().exists():
        faults.append(_("Chưa có video nào được đưa vào chấm."))
    return faults


def _faults_of_panel(clip_contest: ClipContest) -> list[str]:
    members = list(clip_contest.panel.select_related("judge"))
    able = set(holders_over(clip_contest.contest.unit_id, Right.SCORE_CLIPS).values_list("pk", flat=True))
    faults = []
    unable = [member.judge.full_name for member in members if member.judge_id not in able]
    if unable:
        faults.append(
            _("Không còn vai trò Giám khảo hoặc đã ngừng tài khoản: %(names)s. Hãy đưa ra khỏi Ban Giám khảo.")
            % {"names": ", ".join(unable)}
        )
    needed, there_are = judges_needed(clip_contest), len(members) - len(unable)
    if there_are < needed:
        values = {"needed": needed, "there_are": there_are}
        faults.append(_("Cần ít nhất %(needed)s giám khảo; hiện có %(there_are)s.") % values)
    elif not any(member.is_chair for member in members):
        faults.append(_("Chưa cử Trưởng ban Giám khảo."))
    else:
        clips = list(clip_contest.clips.accepted().select_related("unit").order_by("number"))
        faults += _faults_of_assignment(clip_contest, clips, _assignment(clip_contest, clips, {}))
    return faults


def _faults_of_assignment(
    clip_contest: ClipContest, clips: Sequence[Clip], assignment: Assignment[UUID, int]
) -> list[str]:
    """A sentence for each clip that too few judges may score."""
    wanted = clip_contest.judges_per_clip or judges_needed(clip_contest)
    short = [(clip, len(assignment.judges_of[clip.pk])) for clip in clips]
    return [
        _(
            "Video số %(number)s của %(unit)s chỉ có %(there_are)s/%(needed)s giám khảo được chấm, vì những người khác"
            " thuộc chính đơn vị này, thuộc đơn vị cấp dưới, là đầu mối hoặc người gửi video. Hãy thêm giám khảo ở đơn"
            " vị khác."
        )
        % {"number": clip.number, "unit": clip.unit.name, "there_are": there_are, "needed": wanted}
        for clip, there_are in short
        if there_are < wanted
    ]


def names_of(clips: Sequence[Clip]) -> str:
    """Clips by number, not all of many: "video số 3, 7, 12"."""
    named = ", ".join(str(clip.number) for clip in clips[:MOST_CLIPS_NAMED])
    more = len(clips) - MOST_CLIPS_NAMED
    if more > 0:
        return _("video số %(numbers)s và %(more)s video khác") % {"numbers": named, "more": more}
    return _("video số %(numbers)s") % {"numbers": named}


def start_scoring(*, clip_contest: ClipContest, actor: User) -> int:
    """Freeze rubric and judging rules, give the accepted clips to the judges and tell them; returns how many sheets.

    Raises Refused with everything that is still missing, see `faults_before_scoring`, and when it has started.
    """
    with transaction.atomic():
        stored = locked(clip_contest)
        if stored.scoring_started_at:
            raise Refused(_("Ban Giám khảo đã bắt đầu chấm."))
        if stored.rubric is not None:  # nobody changes it between the look at it and its freezing
            Rubric.objects.select_for_update().get(pk=stored.rubric.pk)
        faults = faults_before_scoring(stored)
        if faults:
            raise Refused(*faults)
        assert stored.rubric is not None
        Rubric.objects.filter(pk=stored.rubric.pk, frozen_at=None).update(frozen_at=ClockTimestamp())
        ClipContest.objects.filter(pk=stored.pk).update(scoring_started_at=ClockTimestamp())
        sheets = _give_out(stored)
        after = {"judges": stored.panel.count(), "clips": stored.clips.accepted().count(), "sheets": sheets}
        record_audit(actor=actor, verb="panel.start", object=stored, after=after)
    clip_contest.refresh_from_db()
    return sheets


def assign_sheets(*, clip_contest: ClipContest, actor: User) -> int:
    """Give out the clips that were accepted since, and only these; returns how many sheets. Raises Refused."""
    with transaction.atomic():
        stored = locked(clip_contest)
        if stored.scoring_started_at is None or stored.locked_at:
            raise Refused(_("Chỉ phân công được trong thời gian Ban Giám khảo chấm."))
        clips = list(unassigned(stored).select_related("unit"))
        faults = _faults_of_assignment(stored, clips, _assignment(stored, clips, _loads(stored)))
        if faults:
            raise Refused(*faults)
        if not clips:
            raise Refused(_("Mọi video được đưa vào chấm đều đã giao cho giám khảo."))
        sheets = _give_out(stored)
        numbers = [clip.number for clip in clips]
        record_audit(actor=actor, verb="panel.assign", object=stored, after={"clips": numbers, "sheets": sheets})
    return sheets


def unassigned(clip_contest: ClipContest):
    """The accepted clips that no judge has a sheet for."""
    return clip_contest.clips.accepted().filter(sheets=None).order_by("number")


def _loads(clip_contest: ClipContest) -> dict[int, int]:
    sheets = ScoreSheet.objects.filter(clip__clip_contest=clip_contest)
    return dict(sheets.order_by().values("judge_id").annotate(n=Count("pk")).values_list("judge_id", "n"))


def _assignment(clip_contest: ClipContest, clips: Sequence[Clip], loads: Mapping[int, int]) -> Assignment[UUID, int]:
    """Among the members who hold the role now."""
    able = holders_over(clip_contest.contest.unit_id, Right.SCORE_CLIPS)
    judges = list(User.objects.filter(panels__clip_contest=clip_contest, pk__in=able.values("pk")).order_by("pk"))
    return balance(
        [clip.pk for clip in clips],
        [judge.pk for judge in judges],
        clip_contest.judges_per_clip,
        excluded_pairs(clips, judges),
        loads=loads,
    )


def _give_out(clip_contest: ClipContest) -> int:
    """Sheets for every accepted clip without any; each judge is told how many, and of no clip whose it is."""
    clips = list(unassigned(clip_contest))
    judges_of = _assignment(clip_contest, clips, _loads(clip_contest)).judges_of
    ScoreSheet.objects.bulk_create(
        ScoreSheet(clip_id=clip_id, judge_id=judge_id)
        for clip_id, judge_ids in judges_of.items()
        for judge_id in judge_ids
    )
    number: dict[int, int] = {}
    for judge_ids in judges_of.values():
        for judge_id in judge_ids:
            number[judge_id] = number.get(judge_id, 0) + 1
    for judge in User.objects.filter(pk__in=number).order_by("pk"):
        tell_judge(clip_contest, judge, number[judge.pk])
    return sum(number.values())


def tell_judge(clip_contest: ClipContest, judge: User, number: int) -> None:
    """Tell a judge how many clips they have been given."""
    text = ngettext("Bạn có %(n)s video cần chấm", "Bạn có %(n)s video cần chấm", number)
    notify(
        user=judge,
        kind=Kind.CLIP,
        subject=text % {"n": number},
        body=_(
            "Hội thi: %(contest)s. Điểm được lưu ngay khi nhập. Nếu có xung đột lợi ích với video nào, hãy khai"
            " trước khi cho điểm."
        )
        % {"contest": clip_contest.contest.title},
        path=f"{reverse('judging')}?contest={clip_contest.pk}",
    )
