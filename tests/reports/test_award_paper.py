"""The proposals for awards as a document to be signed: who may make it, when, and that it says what the page says."""

import shutil
import subprocess

import pytest
from django.urls import reverse

from accounts.models import Role
from reports.collective.freezing import freeze_collective
from reports.models import Export, IssuingBody
from reports.services import run_export
from tests.faults.quiz import browser_of
from tests.reports.test_collective_pages import World, text_of
from tests.reports.test_collective_ties import Tied

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(autouse=True)
def directory(settings, tmp_path):
    settings.EXPORT_DIR = tmp_path


def asked(world, person, format="pdf"):
    return browser_of(person).post(
        reverse("report-awards-paper", args=[world.contest.pk]), {"format": format}, follow=True
    )


def made(world, person, format="pdf"):
    asked(world, person, format)
    export = Export.objects.latest_first().first()
    assert run_export(export.pk)
    export.refresh_from_db()
    return export


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs pdftotext: apt-get install poppler-utils")
def test_units_and_people_are_submitted_with_their_lists():
    world = World()
    IssuingBody.objects.create(
        contest=world.contest, superior="Ủy ban nhân dân tỉnh", name="Ban Tổ chức Hội thi", place="Huế",
        report_symbol="BC-BTC", decision_symbol="QĐ-BTC", minutes_symbol="BB-BTC", decides="Trưởng ban",
        signer_title="Trưởng ban", second_title="Thư ký", recipients="- Ủy ban nhân dân tỉnh;\n- Lưu: VT.",
    )  # fmt: skip
    organiser = world.person(Role.ORGANISER)
    result = freeze_collective(contest=world.contest, actor=organiser)
    export = made(world, organiser)
    done = subprocess.run(["pdftotext", "-layout", str(export.path), "-"], capture_output=True, check=True, text=True)
    text = " ".join(done.stdout.split())
    for words in (
        "Độc lập - Tự do - Hạnh phúc",
        "TTr-BTC",
        "TỜ TRÌNH Về việc đề nghị khen thưởng tập thể, cá nhân",
        "Kính gửi: Ủy ban nhân dân tỉnh.",
        "02 tập thể đạt giải về kết quả tham gia Hội thi, gồm: 01 giải Nhất, 01 giải Nhì.",
        "01 tập thể có 100% biên chế tham gia ở tất cả các tuần thi: Sở A.",
        "03 cá nhân đúng tất cả các câu ở tất cả các tuần thi.",
        "1 Sở A 1 100,0000 Nhất",
        "2 Sở B 2 70,0010 Nhì",
        "Danh sách tập thể đề nghị khen thưởng",
        "Danh sách cá nhân đề nghị khen thưởng",
        f"bản số {result.version}",
    ):
        assert words in text.replace("\u00a0", " "), words
    assert "- Ủy ban nhân dân tỉnh;" not in text, "it is the addressee already"
    always = [*world.people["A"], world.people["B"][0]]
    assert all(person.full_name in text for person in always)
    word = made(world, organiser, "docx")
    assert word.path.read_bytes().startswith(b"PK")


def test_it_waits_for_the_frozen_ranking():
    world = World()
    organiser = world.person(Role.ORGANISER)
    assert "sau khi chốt kết quả tập thể" in text_of(asked(world, organiser))
    assert not Export.objects.exists()


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs pdftotext: apt-get install poppler-utils")
def test_it_waits_for_what_is_decided_about_ties():
    tied = Tied()
    assert "chưa được phân định giải" in text_of(asked(tied, tied.organiser))
    assert not Export.objects.exists()
    tied.decide("CAB")
    export = made(tied, tied.organiser)
    done = subprocess.run(["pdftotext", "-layout", str(export.path), "-"], capture_output=True, check=True, text=True)
    text = " ".join(done.stdout.split())
    assert "1 Sở C 1 100,0000 Nhất 2 Sở A 1 100,0000 Nhì" in text
    assert "Sở C: đồng hạng 1, được phân định theo hình thức bốc thăm." in text


def test_a_contest_under_way_proposes_nobody():
    world = World(state="published")
    assert "kết quả chính thức" in text_of(asked(world, world.person(Role.SECRETARY)))
    assert not Export.objects.exists()


def test_it_is_for_who_makes_the_documents_of_the_contest():
    world = World()
    freeze_collective(contest=world.contest, actor=world.person(Role.ORGANISER))
    page = reverse("report-awards", args=[world.contest.pk])
    for role, may in ((Role.SECRETARY, True), (Role.AUDITOR, False)):
        person = world.person(role)
        assert ("Lập tờ trình" in text_of(browser_of(person).get(page))) is may
        assert asked(world, person).status_code == (200 if may else 404)
    assert asked(world, world.person(Role.COORDINATOR, world.units[0])).status_code == 404
    assert asked(world, world.person(Role.ORGANISER), "xlsx").status_code == 404


def test_whoever_has_lost_the_right_meanwhile_gets_no_file():
    world = World()
    secretary = world.person(Role.SECRETARY)
    freeze_collective(contest=world.contest, actor=secretary)
    export = made(world, secretary)
    download = reverse("report-export-download", args=[export.pk])
    assert browser_of(secretary).get(download).status_code == 200
    secretary.role_grants.all().delete()
    assert browser_of(secretary).get(download).status_code == 404
