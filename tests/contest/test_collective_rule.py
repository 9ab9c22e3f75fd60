"""How units are ranked: weighed until the contest begins, printed in the rules, then fixed."""

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import DatabaseError
from django.urls import reverse

from accounts.models import AuditEntry, Role
from accounts.problems import Refused
from contest.collective import faults_of_collective, formula
from contest.models import CollectiveRule, Contest, Round
from contest.services.collective import save_collective_rule
from contest.services.setup import save_contest
from tests.factories import draft_round, grant, make_contest, make_root, make_user, open_round
from tests.faults.quiz import browser_of

pytestmark = pytest.mark.django_db

FORM = {
    "is_held": "on",
    "weight_participation": "60", "weight_score": "15", "weight_perfect": "15", "weight_report": "10",
    "weight_clip_duty": "0", "weight_clip_score": "0", "weight_zero": "5",
    "grouping": "kinds", "minimum_headcount": "10", "perfect_rounds": "3", "tie_1": "participation", "tie_2": "zero",
    "form-TOTAL_FORMS": "3", "form-INITIAL_FORMS": "3",
    "form-0-title": "Giải Nhất", "form-0-count": "1", "form-1-title": "Giải Nhì", "form-1-count": "2",
    "form-2-title": "", "form-2-count": "",
}  # fmt: skip


@pytest.fixture
def organiser():
    person = make_user(unit=make_root())
    grant(person, Role.ORGANISER)
    return person


@pytest.fixture
def contest(organiser):
    made = Contest(slug="hoi-thi", title="Hội thi", unit=make_root(), is_public=True, questions_per_round=3)
    return save_contest(contest=made, actor=organiser)


def test_a_new_contest_ranks_units_by_the_usual_rule(contest):
    rule = contest.collective_rule.as_json()
    assert rule["weights"] == {"participation": 50, "score": 20, "perfect": 20, "report": 10, "clip_duty": 0,
                               "clip_score": 0, "zero": 10}  # fmt: skip
    assert rule["prizes"] == [["Giải Nhất", 1], ["Giải Nhì", 2], ["Giải Ba", 2]]
    assert (rule["version"], rule["grouping"], rule["perfect_rounds"]) == (1, "blocks", None)
    assert faults_of_collective(rule) == []


def test_an_organiser_changes_the_rule_and_the_public_reads_it(contest, organiser, client):
    answer = browser_of(organiser).post(reverse("manage-collective", args=[contest.pk]), FORM)
    assert answer.status_code == 302
    rule = CollectiveRule.objects.get(contest=contest)
    assert (rule.version, rule.weight_participation, rule.weight_zero, rule.grouping) == (2, 60, 5, "kinds")
    assert (rule.tie_chain, rule.perfect_rounds) == (["participation", "zero"], 3)
    assert rule.prizes == [["Giải Nhất", 1], ["Giải Nhì", 2]]
    entry = AuditEntry.objects.get(verb="contest.save_collective_rule")
    assert (entry.actor, entry.before["weights"]["score"], entry.after["weights"]["score"]) == (organiser, 20, 15)
    page = client.get(reverse("rules", args=[contest.slug])).content.decode()
    assert formula(rule.as_json()) in page
    assert formula(rule.as_json()) == (
        "60% × tỷ lệ tham gia bình quân + 15% × điểm trung bình + 15% × tỷ lệ bài đúng tất cả"
        " + 10% × gửi báo cáo đúng hạn − 5% × tỷ lệ bài 0 điểm"
    )
    assert "Xếp hạng trong từng loại đơn vị." in page
    assert "Đơn vị có biên chế dưới 10 người" in page


def test_what_is_saved_unchanged_is_no_new_version(contest, organiser):
    save_collective_rule(contest=contest, values={"weight_score": 20}, actor=organiser)
    assert CollectiveRule.objects.get(contest=contest).version == 1
    assert not AuditEntry.objects.filter(verb="contest.save_collective_rule").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"weight_score": "16"}, "tổng bằng 100; hiện là 101"),
        ({"tie_2": "participation"}, "chỉ được dùng một lần"),
        ({"minimum_headcount": "0"}, "lớn hơn hoặc bằng với 1"),
        ({"form-1-title": "Giải Nhất"}, "Hai giải không được trùng tên"),
        ({"weight_zero": "101"}, "nhỏ hơn hoặc bằng với 100"),
    ],
)
def test_a_rule_that_does_not_fit_together_is_said_and_not_stored(contest, organiser, change, sentence):
    page = browser_of(organiser).post(reverse("manage-collective", args=[contest.pk]), FORM | change)
    assert page.status_code == 200
    assert sentence in page.content.decode()
    assert CollectiveRule.objects.get(contest=contest).version == 1


def test_a_contest_may_go_without(contest, organiser, client):
    save_collective_rule(contest=contest, values={"is_held": False}, actor=organiser)
    assert 'id="tap-the"' not in client.get(reverse("rules", args=[contest.slug])).content.decode()


def test_drafts_and_practice_leave_the_rule_open_and_a_counted_round_fixes_it(contest, organiser):
    draft_round(contest)
    open_round(contest, number=0, is_practice=True)
    save_collective_rule(contest=contest, values={"weight_zero": 0}, actor=organiser)
    open_round(contest)
    with pytest.raises(Refused, match="không thay đổi được nữa"):
        save_collective_rule(contest=contest, values={"weight_zero": 20}, actor=organiser)
    answer = browser_of(organiser).post(reverse("manage-collective", args=[contest.pk]), FORM)
    assert "không thay đổi được nữa" in answer.content.decode()
    assert CollectiveRule.objects.get(contest=contest).weight_zero == 0
    assert 'name="weight_zero"' not in answer.content.decode()


@pytest.mark.parametrize("act", ["update", "delete", "insert"])
def test_the_database_refuses_every_change_once_the_contest_has_begun(contest, act):
    rule = contest.collective_rule
    if act == "insert":
        rule.delete()
    open_round(contest)
    acts = {
        "update": lambda: CollectiveRule.objects.filter(pk=rule.pk).update(weight_zero=50),
        "delete": lambda: CollectiveRule.objects.filter(pk=rule.pk).delete(),
        "insert": lambda: CollectiveRule.objects.create(contest=contest),
    }
    with pytest.raises(DatabaseError, match="the contest has begun"), transaction.atomic():
        acts[act]()


def test_control_without_the_counted_round_the_same_changes_pass(contest):
    assert not Round.objects.filter(contest=contest).exists()
    assert CollectiveRule.objects.filter(contest=contest).update(weight_zero=50) == 1
    contest.collective_rule.delete()
    CollectiveRule.objects.create(contest=contest)


def test_the_database_refuses_weights_that_do_not_sum_to_100(contest):
    with pytest.raises(IntegrityError, match="collective_weights_sum_to_100"), transaction.atomic():
        CollectiveRule.objects.filter(contest=contest).update(weight_score=21)


def test_who_does_not_organise_the_contest_cannot_reach_the_rule(contest):
    for role in (Role.SECRETARY, Role.COORDINATOR, Role.AUDITOR):
        person = make_user(unit=make_root())
        grant(person, role)
        assert browser_of(person).post(reverse("manage-collective", args=[contest.pk]), FORM).status_code == 404
    assert CollectiveRule.objects.get(contest=contest).version == 1
    assert browser_of(make_user()).get(reverse("manage-collective", args=[make_contest().pk])).status_code == 404
