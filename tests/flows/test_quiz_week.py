"""One week of a contest as its users live it: browsers, web server, worker and beat, nothing stood in for."""

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from accounts.clock import server_now
from contest import verify_record
from contest.models import Attempt, Round, Standing
from contest.record import FILES
from tests.contest.test_browser_quiz import ready
from tests.factories import (
    grant,
    make_attempt,
    make_contest,
    make_questions,
    make_root,
    make_unit,
    make_user,
    open_round,
)
from tests.flows.conftest import PASSWORD, PHONE
from tests.processes import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SAVED = re.compile(r"^Đã lưu")


@pytest.fixture
def world():
    """Two units with five people, one organiser, and a round of 15 questions that is open."""
    health, commune = (
        make_unit("SYT", name="Sở Y tế", parent=make_root()),
        make_unit("XA01", name="Xã Bình An", kind="Xã, phường", parent=make_root()),
    )
    people = {
        "anh": make_user("anh", unit=health, full_name="Lê Thị Ánh", password=PASSWORD),
        "binh": make_user("binh", unit=commune, full_name="Trần Văn Bình", password=PASSWORD),
        "cuc": make_user("cuc", unit=commune, full_name="Phạm Thị Cúc", password=PASSWORD),
        "dung": make_user("dung", unit=health, full_name="Hoàng Dũng", password=PASSWORD),
    }
    organiser = make_user("organiser", full_name="Nguyễn Thu Hà", password=PASSWORD)
    grant(organiser, "organiser")
    contest = make_contest(questions_per_round=15, grace_seconds=0, title="Hội thi cải cách hành chính")
    return open_round(contest, questions=make_questions(15)), people


@pytest.fixture
def origin(world, portal) -> str:
    return portal("worker", "beat")


def begin(page: Page, round: Round) -> None:
    page.goto(f"/rounds/{round.pk}/start/")
    page.click("main form button[type=submit]")
    page.wait_for_url("**/attempts/**")


def mark(page: Page, slot: int | str):
    return page.locator(f'[data-mark="{slot}"]')


def take_with_network_cut(page: Page, round: Round) -> str:
    """Answer on a phone, with the network away for questions 6 to 10; returns the receipt shown."""
    begin(page, round)
    ready(page)
    for position in range(1, 16):
        if position in (6, 11):
            page.context.set_offline(position == 6)
        page.locator(f"#cau-{position} .choice").nth(position % 4).click()
        if position == 10:
            expect(page.locator("#offline-banner")).to_be_visible()
            expect(mark(page, 10)).to_have_text("Chưa lưu - sẽ gửi lại khi có mạng")
    page.fill("#prediction", "2")
    page.press("#prediction", "Tab")
    for slot in (*range(1, 16), "p"):
        expect(mark(page, slot)).to_have_text(SAVED, timeout=20_000)
    page.locator(".bar [data-submit]").click()
    page.locator('[data-dialog="confirm"]').click()
    return receipt_on(page)


def take_on_the_plain_form(page: Page, round: Round) -> str:
    """Answer without JavaScript: save half, come back, submit; returns the receipt shown."""
    begin(page, round)
    for position in range(1, 9):
        page.check(f'input[name="q{position}"][value="1"]', force=True)
    with page.expect_navigation():  # a page on its way out cannot be reloaded
        page.locator(".bar button[value=save]").click()
    page.reload()
    for position in range(1, 9):
        expect(page.locator(f'input[name="q{position}"][value="1"]')).to_be_checked()
    for position in range(9, 16):
        page.check(f'input[name="q{position}"][value="2"]', force=True)
    page.fill("#prediction", "1")
    page.locator(".bar button[value=submit]").click()
    return receipt_on(page)


def receipt_on(page: Page) -> str:
    expect(page.locator("article.receipt")).to_be_visible(timeout=20_000)
    return re.search(r"\b[0-9a-f]{64}\b", page.locator("article.receipt").inner_text()).group()


def let_the_close_pass(round: Round) -> None:
    """Move the round's times so that it closes now; attempts in progress end with it."""
    now = server_now()
    Attempt.objects.filter(round=round, deadline__gt=now).update(deadline=now)
    Round.objects.filter(pk=round.pk).update(closes_at=now)


def test_a_week_from_sign_in_to_the_report(world, visit, tmp_path):
    round, people = world
    phone = {"viewport": PHONE}

    first = take_with_network_cut(visit("anh", **phone), round)
    second = take_on_the_plain_form(visit("binh", java_script_enabled=False, **phone), round)
    assert first != second
    make_attempt(round, people["cuc"], answers=[2] * 5 + [0] * 10, prediction=None, state="in_progress",
                 started_at=server_now() - timedelta(minutes=2))  # fmt: skip
    perfect = make_attempt(
        round,
        people["dung"],
        answers="B",
        prediction=1,
        started_at=server_now() - timedelta(minutes=9),
        submitted_at=server_now(),
    )

    let_the_close_pass(round)
    wait_for(lambda: Round.objects.get(pk=round.pk).state == "ranked", "the beat's close and the ranks")
    assert Standing.objects.filter(round=round).count() == 4

    organiser = visit("organiser")
    assert organiser.goto(f"/rounds/{round.pk}/results/").status in (200, 404)
    expect(organiser.locator("body")).not_to_contain_text("Hoàng Dũng")
    organiser.goto(f"/manage/rounds/{round.pk}/")
    organiser.locator("main form[action$='/publish/'] button").click()
    wait_for(lambda: Round.objects.get(pk=round.pk).state == "published", "the publication")

    participant = visit("anh", **phone)
    participant.goto(f"/rounds/{round.pk}/results/")
    expect(participant.locator("main")).to_contain_text("Hoàng Dũng")

    verify_the_record(participant, round, first, tmp_path / "record")
    check_the_report(organiser, round, tmp_path / "report.xlsx")
    assert Standing.objects.get(attempt=perfect).rank == 1


def verify_the_record(page: Page, round: Round, receipt: str, directory: Path) -> None:
    """As any citizen would: download the record and the verifier, and run it."""
    directory.mkdir()
    wait_for(lambda: page.request.get(f"/rounds/{round.pk}/record/record.json").ok, "the public record")
    for name in FILES:
        (directory / name).write_bytes(page.request.get(f"/rounds/{round.pk}/record/{name}").body())
    program = directory / "verify_record.py"
    program.write_bytes(page.request.get("/verify_record.py").body())
    assert program.read_bytes() == Path(verify_record.__file__).read_bytes()
    done = subprocess.run(
        [sys.executable, "-I", program, directory, "--receipt", receipt], capture_output=True, text=True
    )
    assert (done.returncode, "time limit" in done.stderr) == (0, False), done.stdout + done.stderr
    assert receipt in done.stdout
    assert done.stdout.splitlines()[-1] == f"OK {Round.objects.get(pk=round.pk).result_hash}"


def check_the_report(page: Page, round: Round, path: Path) -> None:
    """Ask for the participation report as XLSX, wait for the worker, open it."""
    page.goto("/reports/exports/")
    page.select_option("[name=kind]", "participation")
    page.select_option("[name=round]", str(round.pk))
    page.select_option("[name=format]", "xlsx")
    page.locator("main form button[type=submit]").first.click()
    link = page.locator("#exports a[href$='/download/']")
    expect(link).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        link.click()
    download.value.save_as(path)
    rows = [row for row in load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True) if any(row)]
    head = next(index for index, row in enumerate(rows) if "Mã đơn vị" in row)
    columns = {name: number for number, name in enumerate(rows[head]) if name}
    units = {row[columns["Mã đơn vị"]]: row for row in rows[head + 1 :]}
    total = next(row for row in rows[head + 1 :] if "Tổng cộng" in row)
    people = next(number for name, number in columns.items() if name in ("Người tham gia", "Số người tham gia"))
    assert {code: units[code][people] for code in ("SYT", "XA01")} == {"SYT": 2, "XA01": 2}
    assert total[people] == 4
