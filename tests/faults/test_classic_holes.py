"""The holes that such portals usually have. Where another test already shows one closed, it is named here.

Guessable ids and media URLs: below. Unit taken from the query string: below, and the rows with {unit} of
tests/rights/expected.txt. Mass assignment: below. Scores inferred from averages: tests/reports/test_pages.py
(`test_no_trace_of_a_score_before_it_may_be_seen`); from order, length or ETags: below. Search and autocomplete of
the admin: tests/config/test_admin.py. Exports that do not recheck the right: tests/reports/test_jobs.py. Stale roles in
live sessions: tests/accounts/test_role_review.py. Linking by unverified e-mail: tests/accounts/sso/.
"""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from accounts.models import AuditEntry, RoleGrant
from contest.models import Attempt
from reports.models import Export
from reports.services import request_export, run_export
from tests.factories import grant, make_attempt, make_contest, make_root, make_unit, make_user, open_round
from tests.faults.addresses import addresses
from tests.faults.quiz import browser_of, client_of

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "notifications", "proposals", "contest", "videos", "reports", "privacy", "config")


@pytest.fixture
def department():
    return make_unit("SO", parent=make_root())


# --- Guessable ids and media URLs --------------------------------------------------------------------


def test_no_address_serves_the_folders_of_files():
    """Exports, uploads, records and clips lie in no folder that the web knows; only record files and those of clips
    have a name of their own.
    """
    assert not settings.MEDIA_URL.strip("/")
    named_files = {address.name for address in addresses() if re.search(r"<path:|<str:name>", address.route)}
    assert named_files <= {"record-file", "clip-media"}
    static, clips = Path(settings.STATIC_ROOT), settings.STORAGES["clips"]["OPTIONS"]["location"]
    for folder in (settings.EXPORT_DIR, settings.UPLOAD_DIR, settings.RECORD_DIR, clips):
        assert not Path(folder).is_relative_to(static)
        assert not static.is_relative_to(folder)


def test_a_files_id_opens_it_to_its_owner_alone_and_its_name_cannot_be_guessed(department):
    round = open_round(make_contest(unit=department))
    owner, colleague = make_user(), make_user()
    for person in (owner, colleague):
        grant(person, "organiser", department)
    exports = [request_export(actor=owner, kind="participation", round=round, format=kind) for kind in ("csv", "json")]
    assert all(run_export(export.pk) for export in exports)
    address = reverse("report-export-download", args=[exports[0].pk])
    answers = [browser_of(person).get(address) for person in (owner, colleague)]
    assert [answer.status_code for answer in answers] == [200, 404]
    assert b"".join(answers[0].streaming_content)
    names = [export.file_name.split(".")[0] for export in Export.objects.all()]
    assert len(set(names)) == 2
    assert all(len(name) >= 32 for name in names)


# --- Unit taken from the query string, and other wishes sent along ------------------------------------


@pytest.mark.parametrize("name", ["report-participation", "report-nonparticipants", "api-participation"])
def test_a_unit_in_the_query_never_widens_what_one_sees(department, name):
    foreign = make_unit("KHAC", parent=make_root())
    make_user(unit=department), make_user(unit=foreign)
    round = open_round(make_contest(unit=make_root()))
    coordinator = make_user()
    grant(coordinator, "coordinator", department)
    client = browser_of(coordinator)
    statuses = [
        client.get(reverse(name), {"round": round.pk, "unit": code}).status_code for code in ("SO", "KHAC", "TINH")
    ]
    assert statuses == [200, 404, 404]


def test_no_form_or_serializer_takes_every_field_of_a_model():
    sources = {path for app in APPS for path in (ROOT / app).rglob("*.py")}
    pattern = re.compile(r"""fields\s*=\s*["']__all__["']|\*\*request\.(POST|data|GET)\b""")
    assert {str(path.relative_to(ROOT)) for path in sources if pattern.search(path.read_text())} == set()


def test_fields_that_a_form_does_not_offer_change_nothing(department):
    """Who granted, to whom of which id, since when: taken from the session and the clock."""
    administrator, other = make_user(), make_user("NV-1", unit=department)
    grant(administrator, "administrator", department)
    sent = {"employee_id": "NV-1", "role": "judge", "unit_code": "SO", "reason": "QĐ 1"}
    extra = {
        "granted_by": other.pk,
        "user": administrator.pk,
        "valid_from": "2000-01-01",
        "unit": make_root().pk,
        "id": 1,
    }
    assert browser_of(administrator).post(reverse("manage-role-grant"), sent | extra).status_code == 302
    given = RoleGrant.objects.get(role="judge")
    assert (given.user, given.unit, given.granted_by) == (other, department, administrator)
    assert given.valid_from.year > 2000
    assert AuditEntry.objects.get(verb="role.grant").actor == administrator


# --- Scores inferred from length, order and validators -------------------------------------------------


def told(person, attempt: Attempt) -> list[tuple[int, int, dict[str, str]]]:
    """(status, length, headers that do not change by themselves) of all that a person reads of an attempt."""
    pages = [reverse("attempt", args=[attempt.pk]), reverse("rounds"), reverse("home")]
    calls = [reverse("api-attempt", args=[attempt.pk]), reverse("api-rounds")]
    answers = [browser_of(person).get(page) for page in pages] + [client_of(person).get(call) for call in calls]
    changing = {"X-Request-Id", "Set-Cookie", "Date", "Expires"}
    return [
        (answer.status_code, len(answer.content), {k: v for k, v in answer.items() if k not in changing})
        for answer in answers
    ]


def test_a_perfect_paper_and_an_empty_score_look_the_same_before_the_close(department):
    """Same length, same headers, no ETag or Last-Modified: only the chosen letters differ."""
    round = open_round(make_contest(unit=department))
    person = make_user(unit=department)
    attempt = make_attempt(round, person, answers="B", unit=department)
    perfect = told(person, attempt)
    Attempt.objects.filter(pk=attempt.pk).update(answers=[1] * len(attempt.answers))
    assert told(person, attempt) == perfect
    assert [status for status, _length, _headers in perfect] == [200] * 5
    for _status, _length, headers in perfect:
        assert not {"ETag", "Last-Modified"} & headers.keys()


def test_lists_of_people_are_ordered_by_name_and_never_by_score(department):
    """The coordinator's list of those who are missing, the organiser's of those who must not be ranked."""
    round = open_round(make_contest(unit=department))
    names = ["Trần Văn An", "Lê Thị Bình", "Phạm Văn Cường"]
    people = [make_user(unit=department, full_name=name) for name in names]
    for person, answers in zip(people, "ABA", strict=True):
        make_attempt(round, person, answers=answers, state="in_progress", unit=department)
    coordinator = make_user()
    grant(coordinator, "coordinator", department)
    page = browser_of(coordinator).get(reverse("report-nonparticipants"), {"round": round.pk}).content.decode()
    assert sorted(names, key=page.index) == names
