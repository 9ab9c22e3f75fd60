"""A clip contest at a glance: counts, what is to be done, settings in words."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contest.templatetags.portal import closing, moment, number, span
from videos.models import Clip, ClipContest, ClipState, ScoreSheet, SheetState, Stage
from videos.models.setup import MEGABYTE
from videos.result.ranking import words_of_key
from videos.screening.missing import units_of


@dataclass(frozen=True, slots=True)
class KindCounts:
    """Of one kind of unit: how many have the duty, how many handed in a clip, how many clips."""

    kind: str
    units: int
    units_with_clip: int
    clips: int


@dataclass(frozen=True, slots=True)
class Step:
    text: str
    url: str


def counts_by_state(clip_contest: ClipContest) -> list[tuple[str, str, int]]:
    """(state, label, clips) of every state. One query."""
    found = Counter(dict(clip_contest.clips.values_list("state").annotate(n=Count("pk")).order_by()))
    return [(state.value, str(state.label), found[state]) for state in ClipState]


def counts_by_kind(clip_contest: ClipContest) -> list[KindCounts]:
    """In order of the kinds' names. Two queries."""
    handed_in = clip_contest.clips.handed_in().values_list("unit__kind__name")
    clips = {kind: (units, n) for kind, units, n in handed_in.annotate(u=Count("unit", distinct=True), n=Count("pk"))}
    duty = dict(units_of(clip_contest).values_list("kind__name").annotate(n=Count("pk")).order_by())
    return [KindCounts(kind, duty.get(kind, 0), *clips.get(kind, (0, 0))) for kind in sorted({*duty, *clips})]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many clips of a clip contest wait to be screened, and how many have sheets that are not handed in."""

    to_screen: int = 0
    to_score: int = 0


def waiting_in(clip_contests: Iterable[ClipContest]) -> dict[int, Waiting]:
    """By the id of the clip contest. One query; nothing where there is no clip."""
    clips = Clip.objects.filter(clip_contest__in=clip_contests).order_by()
    open_sheets = ScoreSheet.objects.filter(clip=OuterRef("pk"), state__in=[SheetState.ASSIGNED, SheetState.SCORING])
    counts = clips.values_list("clip_contest").annotate(
        a=Count("pk", filter=Q(state=ClipState.SUBMITTED)), b=Count("pk", filter=Exists(open_sheets))
    )
    return {pk: Waiting(to_screen, to_score) for pk, to_screen, to_score in counts}


def steps_of(clip_contest: ClipContest, waiting: Waiting) -> list[Step]:
    """What an organiser is to do now, most urgent first. The clip contest has its `stage` (setup.access.mark)."""
    stage = clip_contest.stage  # type: ignore[attr-defined]
    at = [clip_contest.pk]
    steps = []
    if clip_contest.rubric_id is None:
        steps.append(Step(_("Chọn thang điểm"), reverse("manage-rubric", args=at)))
    if waiting.to_screen and stage in (Stage.OPEN, Stage.SCREENING, Stage.SCORING):
        text = ngettext("Rà soát %(n)s video đã gửi", "Rà soát %(n)s video đã gửi", waiting.to_screen)
        steps.append(Step(text % {"n": waiting.to_screen}, reverse("manage-clip-list", args=at) + "?state=submitted"))
    if stage == Stage.SCREENING and not waiting.to_screen:
        steps.append(Step(_("Lập Ban Giám khảo và bắt đầu chấm"), reverse("manage-panel", args=at)))
    if stage == Stage.SCORING:
        text = _("Theo dõi việc chấm") if waiting.to_score else _("Khóa chấm điểm")
        steps.append(Step(text, reverse("manage-panel", args=at)))
    if stage == Stage.LOCKED:
        steps.append(Step(_("Xem kết quả và công bố"), reverse("manage-clip-result", args=at)))
    return steps


def settings_in_words(clip_contest: ClipContest) -> list[tuple[str, str]]:
    """(label, value) of every setting, in the order of the form."""
    rubric = clip_contest.rubric
    titles = list(rubric.criteria.order_by("position").values_list("title", flat=True)) if rubric else []
    chain = " → ".join(words_of_key(key, titles) for key in clip_contest.tie_chain)
    judges = clip_contest.judges_per_clip
    yes, no = _("có"), _("không")
    return [
        (_("Nhận video từ"), moment(clip_contest.opens_at)),
        (_("Hạn nhận video"), closing(clip_contest.closes_at)),
        (_("Thời lượng tối đa"), span(clip_contest.max_seconds)),
        (_("Độ phân giải tối thiểu"), f"{clip_contest.min_height}p"),
        (_("Khung hình"), clip_contest.get_aspect_display()),
        (_("Dung lượng tối đa của một tệp"), f"{number(clip_contest.max_bytes // MEGABYTE)} MB"),
        (_("Dung lượng tối đa của một đơn vị"), f"{number(clip_contest.unit_quota_bytes // MEGABYTE)} MB"),
        (_("Thang điểm"), str(rubric or _("chưa chọn"))),
        (_("Số giám khảo chấm mỗi video"), str(judges) if judges else _("mọi giám khảo")),
        (_("Giấu tên đơn vị, tác giả với giám khảo"), yes if clip_contest.is_blind else no),
        (_("Mức chênh lệch cần lưu ý"), f"{clip_contest.disagreement_percent}%"),
        (_("Cách tính điểm"), clip_contest.get_combination_display()),
        (_("Khi bằng điểm"), chain or _("đồng hạng")),
        (_("Trao giải theo từng loại đơn vị"), yes if clip_contest.prizes_by_kind else no),
    ]
