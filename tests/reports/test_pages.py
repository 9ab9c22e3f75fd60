"""The report pages: who sees which figures and names, sorting and searching, and files without JavaScript."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import queue
from accounts.clock import server_now
from accounts.models import Role, RoleGrant
from contest.models import Round
from reports import services
from reports.models import Export
from reports.participation import participation_of
from reports.scope import Scope
from tests.factories import (
    grant,
    make_attempt,
    make_contest,
    make_root,
    make_unit,
    make_user,
    open_round,
    past_round,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
FIGURES, PEOPLE, FILES = "report-participation", "report-nonparticipants", "report-exports"


@pytest.fixture(autouse=True)
def no_broker(monkeypatch, settings, tmp_path):
    settings.EXPORT_DIR = tmp_path
    monkeypatch.setattr(queue, "_send", lambda task, arguments: None)


@pytest.fixture
def round():
    """Scores whose traces would be 0,67 mean, 1 perfect and 2 zero papers; 3.000 of headcount."""
    root = make_root()
    units = [
        make_unit("A1", name="Sở Văn hóa", parent=root, headcount=2000),
        make_unit("B2", name="Đặc khu Lý Sơn", kind="Xã, phường, đặc khu", parent=root, headcount=1),
        make_unit("C3", name="Sở Ăn", parent=root, headcount=999),
    ]
    round = past_round(make_contest(unit=root))
    make_attempt(round, make_user("CO-MAT", unit=units[0]), answers="B")
    make_attempt(round, make_user(unit=units[0]), answers=[2, 1, 1])
    for _ in range(4):
        make_attempt(round, make_user(unit=units[1]), answers="A")
    make_user("VANG-MAT", full_name="Trần <b>Văn</b> Vắng", unit=units[0])
    make_user("VANG-KHAC", full_name="Lê Thị Khác", unit=units[2])
    return round


def reach(round, state):
    Round.objects.filter(pk=round.pk).update(state=state, version=1)
    round.refresh_from_db()


def unit_of(round, code):
    return round.round_units.get(unit__code=code).unit


def signed_in(client, role=None, unit=None):
    user = make_user()
    if role:
        grant(user, role, unit)
    client.force_login(user)
    return user


def see(client, name, **parameters):
    return client.get(reverse(name), parameters)


def text(response):
    return " ".join(response.content.decode().split())


# --- Rights -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [FIGURES, PEOPLE, FILES])
def test_visitors_sign_in_first(client, round, name):
    assert see(client, name).url.startswith(reverse("account_login"))


ALLOWED = {
    FIGURES: {Role.COORDINATOR, Role.ORGANISER, Role.SECRETARY, Role.AUDITOR},
    PEOPLE: {Role.COORDINATOR, Role.ORGANISER, Role.SECRETARY},
    FILES: {Role.COORDINATOR, Role.ORGANISER, Role.SECRETARY, Role.AUDITOR},
}


@pytest.mark.parametrize("name", ALLOWED)
@pytest.mark.parametrize("role", [None, *Role])
def test_each_page_is_for_its_roles(client, round, name, role):
    signed_in(client, role)
    assert see(client, name).status_code == (200 if role in ALLOWED[name] else 404)


def test_an_ended_role_ends_the_page_in_a_live_session(client, round):
    user = signed_in(client, Role.ORGANISER)
    assert see(client, FIGURES).status_code == 200
    RoleGrant.objects.filter(user=user).update(valid_to=server_now())
    assert see(client, FIGURES).status_code == 404


@pytest.mark.parametrize("name", [FIGURES, PEOPLE])
def test_rounds_and_units_outside_the_scope_are_not_found(client, round, name):
    stranger = past_round(make_contest(unit=make_unit("Z9", parent=make_root())))
    signed_in(client, Role.COORDINATOR, unit_of(round, "A1"))
    assert see(client, name, round=round.pk, unit="A1").status_code == 200
    for parameters in ({"unit": "B2"}, {"unit": "TINH"}, {"round": stranger.pk}, {"round": "x"}, {"unit": "\x00x"}):
        assert see(client, name, **{"round": round.pk} | parameters).status_code == 404


def test_a_coordinator_sees_the_own_unit_alone(client, round):
    signed_in(client, Role.COORDINATOR, unit_of(round, "A1"))
    page = text(see(client, FIGURES)) + text(see(client, PEOPLE))
    assert "Sở Văn hóa" in page
    assert "VANG-MAT" in page
    for other in ("Lý Sơn", "Sở Ăn", "VANG-KHAC"):
        assert other not in page


def test_an_auditor_sees_counts_and_no_link_to_names(client, round):
    signed_in(client, Role.AUDITOR)
    assert reverse(PEOPLE) not in text(see(client, FIGURES))


# --- What the pages say -----------------------------------------------------------------------------


def test_the_page_shows_the_same_total_as_the_figures(client, round):
    reach(round, "published")
    signed_in(client, Role.ORGANISER)
    response = see(client, FIGURES)
    assert response.context["total"] == participation_of(round, Scope(None, True)).total
    page = text(response)
    for wanted in ("trên 3.000 biên chế", "0,20%", "400,00%", "Vượt biên chế", "tuần đầu tiên của hội thi", "0,67"):
        assert wanted in page


CANARIES = ("Điểm trung bình</span>", "Số bài đúng tất cả</span>", "Điểm TB", "0 điểm</th>", "0,67")


@pytest.mark.parametrize("role", sorted(ALLOWED[FIGURES]))
@pytest.mark.parametrize("state", ["scheduled", "closed", "ranked", "published"])
def test_no_trace_of_a_score_before_it_may_be_seen(client, round, role, state):
    reach(round, state)
    user = signed_in(client, role)
    page = text(see(client, FIGURES)) + text(see(client, FILES))
    for sort in ("rate", "-rate", "score", "-perfect"):
        page += text(see(client, FIGURES, sort=sort))
    export = services.request_export(actor=user, kind="participation", round=round, format="csv")
    assert services.run_export(export.pk)
    export.refresh_from_db()
    total = export.path.read_text(encoding="utf-8-sig").splitlines()[-1]
    seen = state == "published" or (state == "ranked" and role == Role.AUDITOR)
    assert [canary in page for canary in CANARIES] == [seen] * len(CANARIES)
    assert (",0.67,1,4," in total, ",,,,0" not in total) == (seen, seen)


@pytest.mark.parametrize(
    ("sort", "codes"),
    [
        ("", ["A1", "B2", "C3"]),
        ("name", ["B2", "C3", "A1"]),  # đ before s, ă before v
        ("-name", ["A1", "C3", "B2"]),
        ("rate", ["C3", "A1", "B2"]),
        ("-rate", ["B2", "A1", "C3"]),
        ("-participants", ["B2", "A1", "C3"]),
        ("mean_score", ["A1", "B2", "C3"]),
    ],
)
def test_units_are_sorted_by_the_server(client, round, sort, codes):
    signed_in(client, Role.ORGANISER)
    table = see(client, FIGURES, sort=sort).context["table"]
    assert [unit.unit_code for unit in table.units] == codes


def test_units_are_found_without_accents_and_by_kind(client, round):
    signed_in(client, Role.ORGANISER)
    for parameters, codes in (
        ({"q": "ly son"}, ["B2"]),
        ({"q": "Lý SƠN"}, ["B2"]),
        ({"q": "c3"}, ["C3"]),
        ({"kind": "Sở, ban, ngành"}, ["A1", "C3"]),
        ({"q": "khong co"}, []),
    ):
        response = see(client, FIGURES, **parameters)
        assert [unit.unit_code for unit in response.context["table"].units] == codes
    assert "Không có đơn vị nào khớp" in text(see(client, FIGURES, q="khong co"))


def test_the_lowest_units_are_named_and_while_the_round_is_open_a_reminder_too(client, round):
    signed_in(client, Role.ORGANISER)
    response = see(client, FIGURES, round=round.pk)
    assert [unit.unit_code for unit in response.context["table"].lowest] == ["C3", "A1"]
    assert "Soạn tin nhắc" not in text(response)
    running = open_round(round.contest)
    page = text(see(client, FIGURES))
    assert f'value="{running.pk}" selected' in page
    assert "- Sở Ăn: 0/999 (0,00%)" in page
    assert "trước " in page


def test_the_latest_round_that_has_opened_is_shown_first(client, round):
    coming = open_round(round.contest, opens_at=server_now() + timedelta(days=1), closes_at=server_now() + timedelta(8))
    signed_in(client, Role.ORGANISER)
    assert see(client, FIGURES).context["round"] == round
    assert see(client, FIGURES, round=coming.pk).context["round"] == coming


def test_without_any_round_the_page_says_so(client):
    signed_in(client, Role.ORGANISER, make_root())
    for name in (FIGURES, PEOPLE):
        assert "Chưa có tuần thi nào" in text(see(client, name))


# --- Names ------------------------------------------------------------------------------------------


def test_people_without_an_entry_are_listed_escaped_searched_and_paged(client, round):
    signed_in(client, Role.ORGANISER)
    page = text(see(client, PEOPLE))
    assert "Trần &lt;b&gt;Văn&lt;/b&gt; Vắng" in page
    assert "CO-MAT" not in page
    assert "2 người, tính đến" in page
    assert "VANG-KHAC" not in text(see(client, PEOPLE, unit="A1"))
    assert "VANG-MAT" not in text(see(client, PEOPLE, q="khac"))
    assert "Không tìm thấy ai" in text(see(client, PEOPLE, q="%"))
    for _ in range(60):
        make_user(unit=unit_of(round, "C3"))
    assert len(see(client, PEOPLE, unit="C3", page=2).context["rows"]) == 11
    assert "?unit=C3&amp;page=1" in text(see(client, PEOPLE, unit="C3", page=2))


@pytest.mark.parametrize("name", [FIGURES, PEOPLE, FILES])
def test_three_units_take_no_more_queries_than_one(client, name):
    root = make_root()
    make_user(unit=make_unit(parent=root))
    contest = make_contest(unit=root)
    past_round(contest)
    signed_in(client, Role.ORGANISER)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert see(client, name).status_code == 200
        counts.append(len(queries))
        Round.objects.all().delete()
        for _ in range(2):
            make_user(unit=make_unit(parent=root))
        past_round(contest)
    assert counts[0] == counts[1] <= 20


# --- Files ------------------------------------------------------------------------------------------


def ask(client, wanted, **wish):
    return client.post(reverse(FILES), {"kind": "participation", "format": "xlsx", "round": wanted.pk, **wish})


def test_a_file_is_asked_for_followed_and_fetched_without_javascript(client, round):
    signed_in(client, Role.ORGANISER)
    assert ask(client, round).url == reverse(FILES)
    export = Export.objects.get()
    page = text(see(client, FILES))
    assert "Đang chờ" in page
    assert 'hx-trigger="every 2s"' in page
    assert "Xem tiến độ mới nhất" in page
    assert reverse("report-export-cancel", args=[export.pk]) in page
    Export.objects.update(state="running", progress=45)
    assert 'value="45"' in text(see(client, FILES))
    Export.objects.update(state="waiting")
    services.run_export(export.pk)
    page = text(see(client, FILES))
    assert reverse("report-export-download", args=[export.pk]) in page
    assert "hx-trigger" not in page
    assert client.get(reverse("report-export-download", args=[export.pk])).status_code == 200


def test_polling_gets_the_list_alone(client, round):
    signed_in(client, Role.ORGANISER)
    ask(client, round)
    fragment = client.get(reverse(FILES), headers={"HX-Request": "true"})
    assert text(fragment).startswith('<div id="exports"')
    assert "<html" not in text(fragment)


def test_a_file_is_cancelled_by_its_button(client, round):
    signed_in(client, Role.ORGANISER)
    ask(client, round)
    export = Export.objects.get()
    assert client.get(reverse("report-export-cancel", args=[export.pk])).status_code == 405
    assert client.post(reverse("report-export-cancel", args=[export.pk])).url == reverse(FILES)
    export.refresh_from_db()
    assert export.state == "cancelled"


@pytest.mark.parametrize(
    "wish",
    [{"kind": "standings"}, {"kind": "x"}, {"format": "exe"}, {"round": "999999"}, {"round": "x"}, {"unit": "B2"}],
)
def test_a_wish_beyond_the_right_is_refused_on_the_page(client, round, wish):
    reach(round, "published")
    signed_in(client, Role.COORDINATOR, unit_of(round, "A1"))
    response = ask(client, round, **wish)
    assert response.status_code == 400
    assert 'role="alert"' in text(response)
    assert not Export.objects.exists()


def test_only_own_files_are_listed(client, round):
    signed_in(client, Role.ORGANISER)
    ask(client, round)
    signed_in(client, Role.ORGANISER)
    assert "Chưa có tệp nào" in text(see(client, FILES))


def test_pages_are_not_stored_and_hold_no_inline_code(client, round):
    signed_in(client, Role.ORGANISER)
    for name in (FIGURES, PEOPLE, FILES):
        response = see(client, name)
        assert "no-store" in response["Cache-Control"]
        assert b"style=" not in response.content
        assert b"onclick=" not in response.content
