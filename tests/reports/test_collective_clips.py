"""Clips in the ranking of units: once their result is public, and never before."""

from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import Role
from accounts.problems import Refused
from contest.models import CollectiveRule
from reports.collective.freezing import freeze_collective, ranking_now
from reports.collective.inputs import clips_of
from tests.factories import grant, make_attempt, make_contest, make_root, make_unit, make_user, past_round
from tests.faults.quiz import browser_of
from tests.reports.test_collective_pages import finish
from tests.videos.panels import panel
from videos.models import Clip
from videos.result.services import compute_result, publish_result

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def make_world(clip_duty=40, clip_score=60, participation=0):
    """(contest, units, clip contest): three units in one final round; A has clips of 75 and 90 of 100, B one without a
    sheet, C none. Everything but the clips is worth nothing.
    """
    root = make_root()
    contest = make_contest(unit=root)
    weights = {f"weight_{name}": 0 for name in ("score", "perfect", "report", "zero")} | {
        "weight_clip_duty": clip_duty, "weight_clip_score": clip_score, "weight_participation": participation,
    }  # fmt: skip
    CollectiveRule.objects.create(contest=contest, **weights)
    clip_contest, _judges, clips = panel([(50, 25)], [(65, 25)], [], judges=1, contest=contest)
    units = [make_unit(code, parent=root, headcount=1) for code in ("A", "B", "C")]
    for clip, unit in zip(clips, (units[0], units[0], units[1]), strict=True):
        Clip.objects.filter(pk=clip.pk).update(unit=unit)
    round = past_round(contest)
    for unit in units:
        make_attempt(round, make_user(unit=unit), answers="B")
    finish(round)
    return contest, units, clip_contest


def clip_lines(contest):
    """By unit's code the value and points of clip duty and clip score, and the total."""
    return {
        one["code"]: [
            *((line["value"], line["points"]) for line in one["lines"] if line["input"].startswith("clip_")),
            one["total"],
        ]
        for _unit, one in ranking_now(contest).standings
        if one["code"] in "ABC"
    }


def publish(clip_contest):
    actor = make_user()
    compute_result(clip_contest=clip_contest, actor=actor)
    publish_result(clip_contest=clip_contest, actor=actor)


def test_clips_count_from_the_publication_of_their_result_on():
    contest, _units, clip_contest = make_world()
    nothing = [(None, "0.0000"), (None, "0.0000"), "0.0000"]
    assert clip_lines(contest) == dict.fromkeys("ABC", nothing)
    compute_result(clip_contest=clip_contest, actor=None)
    assert clip_lines(contest) == dict.fromkeys("ABC", nothing)
    publish(clip_contest)
    assert clip_lines(contest) == {
        "A": [("100.00", "40.0000"), ("90.00", "54.0000"), "94.0000"],
        "B": [("100.00", "40.0000"), ("0.00", "0.0000"), "40.0000"],
        "C": [("0.00", "0.0000"), ("0.00", "0.0000"), "0.0000"],
    }


def test_a_ranking_that_counts_clips_waits_for_their_result():
    contest, _units, clip_contest = make_world()
    with pytest.raises(Refused, match="kết quả thi video chưa được công bố"):
        freeze_collective(contest=contest, actor=make_user())
    publish(clip_contest)
    assert freeze_collective(contest=contest, actor=make_user()).version == 1


def test_a_ranking_that_counts_no_clips_does_not_wait():
    contest, _units, _clip_contest = make_world(clip_duty=0, clip_score=0, participation=100)
    assert freeze_collective(contest=contest, actor=make_user()).version == 1


def test_clips_of_a_unit_that_merged_count_for_the_one_that_took_its_place():
    contest, units, clip_contest = make_world()
    publish(clip_contest)
    found = clips_of(contest, {units[1].pk: units[2].pk, units[0].pk: units[2].pk})
    assert found.scores == {units[2].pk: [Decimal("75.00"), Decimal("90.00"), None]}
    assert found.best_of(units[2].pk) == Decimal("90.00")


def test_the_calculation_of_a_unit_names_its_clips():
    contest, units, clip_contest = make_world()
    publish(clip_contest)
    user = make_user()
    grant(user, Role.SECRETARY, make_root())
    text = browser_of(user).get(reverse("report-collective-unit", args=[contest.pk, units[0].pk])).content.decode()
    assert "Video được nhận vào vòng chấm: 2<" in text
    assert "Video có điểm cao nhất: 90,00 ÷ 100<" in text
    assert "chia cho điểm tối đa của thang điểm" in text
