"""The dashboard in a real browser: it keeps itself up to date once a minute, and refuses nothing to the policy."""

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from accounts.models import Role
from reports.dashboard import bounded
from tests.conftest import ON_A_PHONE
from tests.factories import grant, make_attempt, make_contest, make_root, make_unit, make_user, open_round, past_round

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True), ON_A_PHONE]


def test_figures_of_an_open_round_follow_by_themselves(page: Page, context, live_server):
    unit = make_unit("A1", name="Sở Y tế", parent=make_root())
    contest = make_contest(unit=make_root())
    past_round(contest)
    round = open_round(contest)
    make_attempt(round, make_user(unit=unit))
    secretary, client = make_user(), Client()
    grant(secretary, Role.SECRETARY)
    client.force_login(secretary)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    bounded.forget()
    page.clock.install()
    page.goto(f"{live_server.url}/reports/dashboard/")
    people = page.locator("#live .stat__value").first
    expect(people).to_have_text("1")
    make_attempt(round, make_user(unit=unit))
    bounded.forget()
    bounded.cache.clear()
    page.clock.fast_forward(61_000)
    expect(people).to_have_text("2")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []
