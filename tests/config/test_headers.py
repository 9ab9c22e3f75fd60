"""What browsers are told on every answer of every address, whoever asks and whatever goes wrong."""

import subprocess
import sys

import pytest
from django.conf import settings as portal_settings

from tests.factories import (
    draft_round,
    grant,
    make_attempt,
    make_block,
    make_contest,
    make_questions,
    make_root,
    make_unit,
    make_user,
    open_round,
)
from tests.faults.addresses import addresses
from tests.processes import environment

pytestmark = pytest.mark.django_db

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "manifest-src 'self'"
)
ATTEMPT = "/api/v1/attempts/00000000-0000-4000-8000-000000000000/"
EVERYWHERE = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def lacking(response) -> dict[str, str]:
    """What an answer lacks of what every answer has; and what it should say for its own state."""
    found = {name: response.get(name, "") for name, value in EVERYWHERE.items() if response.get(name) != value}
    if not response.get("X-Request-Id"):
        found["X-Request-Id"] = ""
    if response.status_code == 405 and not response.get("Allow"):
        found["Allow"] = ""
    if response.status_code == 503 and not response.get("Retry-After"):
        found["Retry-After"] = ""
    return found


def is_page(response) -> bool:
    return response.status_code == 200 and response.get("Content-Type", "").startswith("text/html")


@pytest.fixture
def people():
    unit = make_unit(parent=make_root())
    participant, organiser = make_user(unit=unit), make_user(unit=unit)
    grant(organiser, "organiser")
    return {"anonymous": None, "participant": participant, "organiser": organiser}


@pytest.fixture
def values(people):
    contest = make_contest()
    make_block(contest, "A")
    round = open_round(contest, questions=make_questions(3))
    draft = draft_round(contest)
    attempt = make_attempt(round, people["participant"])
    question = draft.round_questions.first().question
    return {
        "rounds:int": [str(round.pk), str(draft.pk)], "contests:int": [str(contest.pk)],
        "contests:slug": [contest.slug],
        "attempts:uuid": [str(attempt.pk)], "banks:slug": [question.bank.slug], "questions:int": [str(question.pk)],
        "int": ["1"], "slug": ["x"], "str": ["x"], "uuid": [str(attempt.pk)], "path": ["x"],
    }  # fmt: skip


@pytest.mark.slow
def test_every_address_answers_everybody_with_the_headers(client, people, values):
    client.raise_request_exception = False
    asked, without = 0, {}
    for who, person in people.items():
        for address in addresses():
            for url in address.urls(values):
                client.logout()
                if person:
                    client.force_login(person)
                for method in ("GET", "DELETE"):
                    response = client.generic(method, url)
                    asked += 1
                    if missing := lacking(response):
                        without[who, method, url, response.status_code] = missing
                    if who != "anonymous" and is_page(response) and "no-store" not in response.get("Cache-Control", ""):
                        without[who, url] = "may be kept by browsers"
    assert without == {}
    assert asked > 300


def test_errors_static_files_and_the_shortest_ways_have_them_too(client, people, settings):
    client.raise_request_exception = False
    found = {}

    def look(expected: int, response) -> None:
        assert response.status_code == expected, (response.status_code, expected)
        found[expected, response.request["PATH_INFO"]] = lacking(response)

    look(404, client.get("/khong-co/"))
    look(400, client.get("/", headers={"host": "la.example"}))
    look(405, client.post("/privacy/"))
    look(405, client.get(f"{ATTEMPT}submit"))
    look(405, client.get(f"{ATTEMPT}submit", headers={"Attempt-Key": "x"}))
    look(403, client.put(f"{ATTEMPT}prediction", headers={"Attempt-Key": "x"}))
    look(401, client.get("/api/v1/rounds/"))
    look(302, client.get("/rounds/"))
    static = client.get("/static/css/tokens.css")
    look(200, static)
    look(304, client.get("/static/css/tokens.css", headers={"if-modified-since": static["Last-Modified"]}))
    look(404, client.get("/static/khong-co.css"))
    assert {place: missing for place, missing in found.items() if missing} == {}


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("/rounds/", "GET, HEAD"),
        ("/privacy/my-data/copy/", "POST"),
        ("/api/v1/rounds/", "GET, HEAD, OPTIONS"),
        (f"{ATTEMPT}submit", "POST"),
        (f"{ATTEMPT}answers/1", "PUT"),
    ],
)
def test_405_says_what_is_allowed(client, people, url, allowed):
    client.force_login(people["participant"])
    response = client.delete(url)
    assert (response.status_code, response["Allow"]) == (405, allowed)


def test_pages_are_for_no_inline_script_or_style():
    """The policy refuses them; here is where they would come from."""
    found = []
    for path in (portal_settings.BASE_DIR / "templates").rglob("*.html"):
        text = path.read_text()
        if " style=" in text or "<style" in text or "javascript:" in text or " onclick=" in text:
            found.append(path.name)
        if any("src=" not in tag and 'type="application/json"' not in tag for tag in tags_of(text, "<script")):
            found.append(path.name)
    assert found == []


def tags_of(text: str, start: str) -> list[str]:
    return [part.split(">")[0] for part in text.split(start)[1:]]


# --- As deployed ------------------------------------------------------------------------------------------

DEPLOYED = """
import django; django.setup()
from django.test import Client
client = Client(raise_request_exception=False)
plain = client.get("/privacy/", headers={"host": "portal.example"})
print(plain.status_code, plain["Location"])
page = client.get("/accounts/login/", secure=True, headers={"host": "portal.example"})
print(page.status_code, page["Strict-Transport-Security"])
for name, it in sorted(client.cookies.items()):
    print(name, bool(it["secure"]), bool(it["httponly"]), it["samesite"], [it["domain"]], it["path"])
from django.conf import settings
print(settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY,
      settings.SESSION_COOKIE_SAMESITE, settings.LOG_FORMAT)
"""


@pytest.mark.slow
def test_a_portal_with_https_redirects_and_has_strict_transport_and_cookies_of_its_own():
    more = {"PUBLIC_URL": "https://portal.example", "ALLOWED_HOSTS": "portal.example", "SECRET_KEY": "k" * 60}
    run = subprocess.run([sys.executable, "-c", DEPLOYED], env=environment(**more), capture_output=True, text=True)
    assert run.stdout.splitlines() == [
        "301 https://portal.example/privacy/",
        "200 max-age=31536000; includeSubDomains; preload",
        "csrftoken True False Lax [''] /",
        "__Host-sessionid True True Lax json",
    ], run.stderr[-2000:]


def test_the_demo_keeps_the_names_that_programs_know():
    assert portal_settings.SESSION_COOKIE_NAME == "sessionid"
    assert portal_settings.CSRF_COOKIE_NAME == "csrftoken"
