"""The reports on a phone: one menu leads to all of them, and wide tables scroll inside of their frame."""

import pytest
from django.test import Client
from playwright.sync_api import Browser, expect

from accounts.models import Role
from contest.closing import close_round
from contest.models import Round
from reports.freezing import freeze_round_report
from tests.factories import grant, make_attempt, make_contest, make_root, make_unit, make_user, past_round

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

UNITS = 20


@pytest.fixture
def round():
    root = make_root()
    round = past_round(make_contest(unit=root, title="Hội thi trực tuyến tìm hiểu công tác cải cách hành chính"))
    for number in range(UNITS):
        unit = make_unit(f"DV{number:02}", name=f"Ủy ban nhân dân xã Quảng Phú {number}", parent=root)
        round.round_units.get_or_create(unit=unit, defaults={"kind": unit.kind, "parent": root, "headcount": 3})
        make_attempt(round, make_user(unit=unit), answers="B")
    close_round(round.pk)
    Round.objects.filter(pk=round.pk).update(state="published")
    freeze_round_report(round=round, unit=root, actor=None)
    return round


@pytest.mark.parametrize("javascript", [True, False])
def test_reports_fit_a_phone_and_one_menu_leads_to_them(browser: Browser, live_server, round, javascript):
    secretary, client = make_user(), Client()
    grant(secretary, Role.SECRETARY)
    client.force_login(secretary)
    context = browser.new_context(
        locale="vi-VN", viewport={"width": 390, "height": 800}, java_script_enabled=javascript, base_url=live_server.url
    )
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"/reports/rounds/{round.pk}/report/")
    expect(page.locator("nav.tabs")).to_be_hidden()
    tabs = page.locator("nav.tabs a").all_text_contents()
    menu = page.locator("details.tabs-menu")
    expect(menu.locator("summary strong")).to_have_text("Báo cáo tuần")
    expect(menu.locator("a").first).to_be_hidden()
    menu.locator("summary").click()
    assert menu.locator("a").all_inner_texts() == tabs
    expect(menu.locator("a[aria-current=page]")).to_have_text("Báo cáo tuần")

    table = page.locator(".table-wrap:has(> .units-table)")
    title = page.locator(".brand__title")
    sizes = [one.evaluate("one => [one.scrollWidth, one.clientWidth, one.scrollHeight, one.clientHeight]")
             for one in (page.locator("html"), table, title)]  # fmt: skip
    whole, framed, named = sizes
    assert whole[0] <= whole[1]
    assert (framed[0] > framed[1], framed[2] > framed[3]) == (True, True)
    assert named[2] <= named[3]  # the contest's title is not cut
    table.evaluate("one => one.scrollTo(300, 400)")
    first = table.locator("thead th").first.bounding_box()
    frame = table.bounding_box()
    assert first
    assert frame
    assert (first["x"] - frame["x"], first["y"] - frame["y"]) == (pytest.approx(1, abs=1), pytest.approx(1, abs=1))

    menu.locator("a", has_text="Kết quả tham gia").click()
    expect(menu.locator("summary strong")).to_have_text("Kết quả tham gia")
    assert page.locator("html").evaluate("one => one.scrollWidth <= one.clientWidth")
    context.close()
