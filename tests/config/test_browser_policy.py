"""Every page of every role in Chromium: nothing that the content security policy refuses, no error in the console."""

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page

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

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.config.urls_with_admin"),
]

PASSWORD = "mat-khau-thu"
WATCH = """document.addEventListener("securitypolicyviolation", (event) =>
    console.error("policy", event.violatedDirective, event.blockedURI, event.sourceFile, event.lineNumber));"""
ROLES = ("", "coordinator", "organiser", "secretary", "auditor", "administrator")


@pytest.fixture
def values():
    """A contest with a round that is open and one that is prepared, and what fills its addresses."""
    make_root()
    contest = make_contest()
    make_block(contest, "A")
    round, draft = open_round(contest, questions=make_questions(3)), draft_round(contest)
    attempt = make_attempt(round, make_user(unit=make_unit(parent=make_root())))
    question = draft.round_questions.first().question
    return {
        "rounds:int": [str(round.pk), str(draft.pk)], "contests:int": [str(contest.pk)],
        "contests:slug": [contest.slug], "attempts:uuid": [str(attempt.pk)], "banks:slug": [question.bank.slug],
        "questions:int": [str(question.pk)], "int": ["1"], "slug": ["x"], "str": ["x"], "uuid": [str(attempt.pk)],
        "path": [str(make_root().pk)],
    }  # fmt: skip


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the console says that is an error, with the page it is about."""
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            found.append(f"{page.url}: {message.text}")

    page.add_init_script(WATCH)
    page.on("console", note)
    page.on("pageerror", lambda error: found.append(f"{page.url}: {error}"))
    return found


def sign_in(context: BrowserContext, origin: str, client: Client) -> None:
    cookie = client.cookies["sessionid"]
    context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": origin}])


def pages_of(client: Client, values) -> list[str]:
    """The addresses that are pages for this person. What ends the session is left out."""
    found = []
    for address in addresses():
        for url in address.urls(values):
            if "logout" not in url:
                response = client.get(url)
                if response.status_code == 200 and response["Content-Type"].startswith("text/html"):
                    found.append(url)
    return found


@pytest.mark.parametrize("role", ROLES)
def test_no_page_offends_the_policy(page, context, live_server, values, complaints, role):
    person = make_user("NV-9", unit=make_unit(parent=make_root()), full_name="Nguyễn Thị Hồng Hạnh")
    if role:
        grant(person, role)
    client = Client(raise_request_exception=False)
    client.force_login(person)
    urls = pages_of(client, values)
    assert len(urls) > (10 if role in ("", "coordinator", "secretary") else 15)
    sign_in(context, live_server.url, client)
    for url in urls:
        page.goto(live_server.url + url)
    assert complaints == []


def test_no_page_for_everybody_offends_it_nor_does_setting_up_the_second_factor(page, live_server, values, complaints):
    make_user("NV-9", unit=make_unit(parent=make_root()), password=PASSWORD)
    for url in pages_of(Client(raise_request_exception=False), values):
        page.goto(live_server.url + url)
    page.goto(f"{live_server.url}/accounts/login/")
    page.fill("#id_login", "NV-9")
    page.fill("#id_password", PASSWORD)
    page.click("main form button[type=submit]")
    page.goto(f"{live_server.url}/accounts/2fa/totp/activate/")
    assert page.locator("img[src^='data:']").count() == 1
    assert page.locator("img[src^='data:']").evaluate("image => image.naturalWidth") > 0
    assert complaints == []


def test_control_an_inline_script_and_a_picture_from_elsewhere_are_seen(page, live_server, complaints):
    page.goto(f"{live_server.url}/privacy/")
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            const image = new Image();
            image.src = "http://127.0.0.2:9/x.png";
            document.body.append(image);
        }"""
    )
    page.wait_for_function("document.images.length > 0")
    page.goto(f"{live_server.url}/privacy/")
    text = "\n".join(complaints)
    assert "script-src" in text
    assert "img-src" in text
