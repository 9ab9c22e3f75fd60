"""GET /api/v1/reports/participation/: the shape, who may ask, and what must not be in the answer."""

from datetime import timedelta

import pytest

from accounts.clock import server_now
from accounts.models import ApiToken, Role, RoleGrant
from contest.models import Round
from tests.factories import grant, make_attempt, make_contest, make_root, make_unit, make_user, past_round

pytestmark = pytest.mark.django_db
URL = "/api/v1/reports/participation/"
FIGURES = [
    "headcount",
    "roster",
    "accounts",
    "participants",
    "rate",
    "entries",
    "mean_score",
    "perfect",
    "zero",
    "change",
    "over_headcount",
]


@pytest.fixture
def world():
    root = make_root()
    one = make_unit("A1", name="Sở Tư pháp", parent=root, headcount=3)
    two = make_unit("B2", name="Xã Vinh Hà", kind="Xã, phường", parent=root, headcount=1)
    round = past_round(make_contest(unit=root))
    make_attempt(round, make_user(unit=one), answers="B")
    make_attempt(round, make_user(unit=one), answers=[2, 1, 1])
    make_attempt(round, make_user(unit=two), answers="A")
    make_attempt(round, make_user(unit=two), answers="A")
    return {"root": root, "one": one, "two": two, "round": round}


def reach(round: Round, state: str) -> None:
    Round.objects.filter(pk=round.pk).update(state=state, version=1)


def ask(client, round, **parameters):
    return client.get(URL, {"round": round if isinstance(round, str) else round.pk, **parameters})


def signed_in(client, role=None, unit=None):
    user = make_user()
    if role:
        grant(user, role, unit)
    client.force_login(user)
    return user


def assert_problem(response, status, code):
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    assert response.json()["code"] == code


def test_the_answer_of_a_published_round(client, world):
    reach(world["round"], "published")
    signed_in(client, Role.ORGANISER)
    response = ask(client, world["round"])
    body = response.json()
    assert list(body) == ["round", "as_of", "total", "units"]
    assert body["round"] == world["round"].pk
    assert len(body["as_of"]) == 27
    assert body["as_of"].endswith("Z")
    assert list(body["total"]) == FIGURES
    assert body["total"] == {
        "headcount": 4, "roster": 4, "accounts": 0, "participants": 4, "rate": "1.0000", "entries": 4,
        "mean_score": "1.00", "perfect": 1, "zero": 2, "change": None, "over_headcount": False,
    }  # fmt: skip
    assert body["units"] == [
        {
            "unit_code": "A1", "unit_name": "Sở Tư pháp", "kind": "Sở, ban, ngành", "parent_code": "TINH",
            "headcount": 3, "roster": 2, "accounts": 0, "participants": 2, "rate": "0.6667", "entries": 2,
            "mean_score": "2.00", "perfect": 1, "zero": 0, "change": None, "over_headcount": False,
        },
        {
            "unit_code": "B2", "unit_name": "Xã Vinh Hà", "kind": "Xã, phường", "parent_code": "TINH",
            "headcount": 1, "roster": 2, "accounts": 0, "participants": 2, "rate": "2.0000", "entries": 2,
            "mean_score": "0.00", "perfect": 0, "zero": 2, "change": None, "over_headcount": True,
        },
    ]  # fmt: skip
    assert "no-store" in response["Cache-Control"]


def test_nobody_signed_in_gets_401(client, world):
    assert_problem(ask(client, world["round"]), 401, "not_authenticated")


@pytest.mark.parametrize("role", [None, Role.JUDGE, Role.ADMINISTRATOR])
def test_a_person_without_a_role_for_figures_gets_403(client, world, role):
    signed_in(client, role)
    assert_problem(ask(client, world["round"]), 403, "forbidden")


def test_a_token_is_a_participant_only_even_for_an_organiser(client, world):
    user = make_user()
    grant(user, Role.ORGANISER)
    _, text = ApiToken.objects.issue(user=user, expires_at=server_now() + timedelta(days=1))
    response = client.get(URL, {"round": world["round"].pk}, headers={"Authorization": f"Token {text}"})
    assert_problem(response, 403, "forbidden")


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ORGANISER, Role.SECRETARY, Role.AUDITOR])
def test_each_role_sees_its_units_and_totals_over_these(client, world, role):
    signed_in(client, role, world["two"])
    body = ask(client, world["round"]).json()
    assert [unit["unit_code"] for unit in body["units"]] == ["B2"]
    assert (body["total"]["participants"], body["total"]["headcount"]) == (2, 1)


def test_a_unit_inside_the_scope_narrows_the_answer_and_one_outside_is_not_found(client, world):
    signed_in(client, Role.COORDINATOR, world["one"])
    assert [unit["unit_code"] for unit in ask(client, world["round"], unit="A1").json()["units"]] == ["A1"]
    for code in ("B2", "TINH", "nowhere"):
        assert_problem(ask(client, world["round"], unit=code), 404, "not_found")


def test_rounds_outside_the_scope_drafts_and_practice_are_not_found(client, world):
    stranger = make_unit("C3", parent=world["root"])
    other = past_round(make_contest(unit=stranger))
    signed_in(client, Role.COORDINATOR, world["one"])
    assert_problem(ask(client, other), 404, "not_found")
    assert_problem(ask(client, "987654321"), 404, "not_found")
    practice = past_round(world["round"].contest, is_practice=True)
    assert_problem(ask(client, practice), 404, "not_found")
    reach(world["round"], "draft")
    assert_problem(ask(client, world["round"]), 404, "not_found")


@pytest.mark.slow
@pytest.mark.parametrize("value", ["", "x", "-1", "1.0", "１", "9" * 19, "1" * 40, "1\x00", " 1"])
def test_a_bad_parameter_is_malformed(client, world, value):
    signed_in(client, Role.ORGANISER)
    assert_problem(ask(client, value), 400, "malformed")


def test_a_missing_or_doubled_parameter_is_malformed(client, world):
    signed_in(client, Role.ORGANISER)
    assert_problem(client.get(URL), 400, "malformed")
    assert_problem(client.get(f"{URL}?round={world['round'].pk}&round=1"), 400, "malformed")


def test_an_ended_grant_ends_the_right_in_a_live_session(client, world):
    user = signed_in(client, Role.ORGANISER)
    assert ask(client, world["round"]).status_code == 200
    RoleGrant.objects.filter(user=user).update(valid_to=server_now())
    assert_problem(ask(client, world["round"]), 403, "forbidden")


@pytest.mark.slow
@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ORGANISER, Role.SECRETARY, Role.AUDITOR])
@pytest.mark.parametrize("state", ["scheduled", "closed", "ranked", "published", "final"])
def test_scores_appear_after_publication_for_an_auditor_after_ranking(client, world, role, state):
    reach(world["round"], state)
    signed_in(client, role)
    body = ask(client, world["round"]).json()
    released = state in ("published", "final") or (state == "ranked" and role == Role.AUDITOR)
    for figures in [body["total"], *body["units"]]:
        assert all((figures[key] is not None) == released for key in ("mean_score", "perfect", "zero"))


def test_an_auditor_of_one_unit_does_not_open_the_scores_of_a_wider_role(client, world):
    reach(world["round"], "ranked")
    user = signed_in(client, Role.ORGANISER)
    grant(user, Role.AUDITOR, world["one"])
    assert ask(client, world["round"]).json()["total"]["perfect"] is None
    assert ask(client, world["round"], unit="A1").json()["total"]["perfect"] == 1


@pytest.mark.parametrize("units", [1, 3])
def test_constant_number_of_queries(client, units, django_assert_num_queries):
    root = make_root()
    for _ in range(units):
        make_user(unit=make_unit(parent=root))
    round = past_round(make_contest(unit=root))
    reach(round, "published")
    signed_in(client, Role.ORGANISER)
    with django_assert_num_queries(11) as asked:
        assert len(ask(client, round).json()["units"]) == units
    assert not any("SELECT DISTINCT" in query["sql"] for query in asked.captured_queries), "a sort of every paper"
