"""How far the panel is, as organisers may know it before it locks: counts of sheets by judge, and no points."""

from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Count

from accounts.models import User
from videos.models import OPEN_STATES, ClipContest, PanelMember, ScoreSheet, SheetState


@dataclass
class Progress:
    """A judge's sheets, counted by state. Without a `member` the judge has left the panel."""

    judge: User
    member: PanelMember | None = None
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def submitted(self) -> int:
        return self.counts[SheetState.SUBMITTED]

    @property
    def left(self) -> int:
        return sum(self.counts[state] for state in OPEN_STATES)

    @property
    def given_out(self) -> int:
        return self.counts.total()

    @property
    def conflicts(self) -> int:
        return self.counts[SheetState.CONFLICT]

    @property
    def abstained(self) -> int:
        return self.counts[SheetState.ABSTAINED]

    @property
    def closed(self) -> int:
        return self.counts[SheetState.CLOSED]


def progress_of(clip_contest: ClipContest) -> list[Progress]:
    """Of every judge, the chair first, then as they were appointed: in no order of scores. Who has left comes last.

    Two queries, three when somebody has left.
    """
    members = clip_contest.panel.select_related("judge").order_by("-is_chair", "pk")
    lines = {member.judge_id: Progress(member.judge, member) for member in members}
    sheets = ScoreSheet.objects.filter(clip__clip_contest=clip_contest).order_by()
    counts = list(sheets.values_list("judge_id", "state").annotate(n=Count("pk")))
    gone = {judge_id for judge_id, _state, _number in counts} - lines.keys()
    if gone:
        lines |= {judge.pk: Progress(judge) for judge in User.objects.filter(pk__in=gone).order_by("sort_key", "pk")}
    for judge_id, state, number in counts:
        lines[judge_id].counts[state] = number
    return list(lines.values())
