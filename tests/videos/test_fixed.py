"""What the database itself refuses, whoever asks: changed rules under a panel, scores where there must be none."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.clock import server_now
from tests.videos.world import make_clip, make_clip_contest, make_judge, make_sheet, start_scoring
from videos.models import ClipContest, Combination, Criterion, CriterionScore, Rubric, ScoreSheet, SheetState

pytestmark = pytest.mark.django_db


@pytest.fixture
def contest():
    contest = make_clip_contest()
    start_scoring(contest)
    return contest


def refused(act) -> bool:
    try:
        with transaction.atomic():
            act()
    except IntegrityError:
        return True
    return False


def test_rules_rubric_and_prizes_can_be_changed_until_the_panel_begins_and_not_afterwards():
    contest = make_clip_contest()
    acts = {
        "rule": lambda: ClipContest.objects.filter(pk=contest.pk).update(combination=Combination.SEVERITY),
        "rubric": lambda: Rubric.objects.filter(pk=contest.rubric_id).update(title="Khác"),
        "criterion": lambda: Criterion.objects.filter(rubric=contest.rubric_id).update(step=Decimal("1")),
        "new criterion": lambda: contest.rubric.criteria.create(
            position=contest.rubric.criteria.count() + 1, title="Mới", maximum=5, step=1
        ),
        "prize": lambda: contest.prizes.filter(position=1).update(count=2),
    }
    assert [name for name, act in acts.items() if refused(act)] == []
    start_scoring(contest)
    ClipContest.objects.filter(pk=contest.pk).update(combination=Combination.SEVERITY)  # as it is already
    acts["rule"] = lambda: ClipContest.objects.filter(pk=contest.pk).update(combination=Combination.MEAN)
    assert [name for name, act in acts.items() if refused(act)] == list(acts)


def test_a_sheet_with_a_conflict_takes_no_score_and_cannot_be_submitted(contest):
    clip = make_clip(contest, state="accepted")
    sheet, free = make_sheet(clip, make_judge(contest)), make_sheet(clip, make_judge(contest))
    ScoreSheet.objects.filter(pk=sheet.pk).update(has_conflict=True, state=SheetState.CONFLICT, reason="Cùng đơn vị")
    criterion = contest.rubric.criteria.first()

    def score(into):
        CriterionScore.objects.create(sheet=into, criterion=criterion, points=10)

    def submit(which):
        ScoreSheet.objects.filter(pk=which.pk).update(state=SheetState.SUBMITTED, submitted_at=server_now())

    assert refused(lambda: score(sheet))
    assert refused(lambda: submit(sheet))
    assert not refused(lambda: score(free))
    assert not refused(lambda: submit(free))


def test_points_of_a_submitted_sheet_are_fixed(contest):
    sheet = make_sheet(make_clip(contest, state="accepted"), make_judge(contest), 60, 20)
    assert refused(lambda: sheet.scores.update(points=70))
    assert list(sheet.scores.values_list("points", flat=True)) == [60, 20]


def test_a_locked_panel_takes_no_more_sheets(contest):
    clip = make_clip(contest, state="accepted")
    sheet = make_sheet(clip, make_judge(contest), 60, 20, submitted=False)
    late = make_judge(contest)
    ClipContest.objects.filter(pk=contest.pk).update(locked_at=server_now())
    assert refused(
        lambda: ScoreSheet.objects.filter(pk=sheet.pk).update(state=SheetState.SUBMITTED, submitted_at=server_now())
    )
    assert refused(lambda: ScoreSheet.objects.create(clip=clip, judge=late))
