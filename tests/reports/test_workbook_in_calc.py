"""The workbook of a report as LibreOffice reads and prints it: the totals are those of the page."""

import csv
import os
import re
import shutil
import subprocess
from decimal import Decimal
from html import unescape
from pathlib import Path

import openpyxl
import pytest
from django.urls import reverse

from accounts.models import Role
from contest.models import Round
from reports.exports.files import write_file
from reports.exports.table import Column, Document, Kind, Table
from reports.freezing import freeze_round_report
from reports.handin.tables import Report, report_document
from tests.factories import grant, make_user
from tests.reports.test_datasets import make_world

# LibreOffice may be there without its spreadsheet, which alone opens XLSX.
CALC = Path(os.path.realpath(shutil.which("soffice") or "/absent")).with_name("libsclo.so")
needs_calc = pytest.mark.skipif(not CALC.exists(), reason="needs LibreOffice: apt-get install libreoffice-calc-nogui")
# Commas, double quotes, UTF-8, from the first line; numbers as they are and not as they are shown; every sheet.
AS_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"


def calc(path: Path, to: str) -> None:
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{path.parent}/profile", "--headless", "--convert-to", to,
         "--outdir", str(path.parent), str(path)],
        capture_output=True, check=True, timeout=180,
    )  # fmt: skip


def total_in_calc(folder: Path, sheet: str) -> dict[str, str]:
    """The last row of a sheet, by the labels of its header."""
    (path,) = [one for one in folder.glob("*.csv") if one.stem.endswith(f"-{sheet}")]
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    (total,) = [row for row in rows if "Tổng cộng" in row]
    (header,) = [row for row in rows if "Số người tham gia" in row]
    return dict(zip(header, total, strict=True))


def total_on_page(page: str) -> list[str]:
    """The last row of the first table with one: by kinds of units."""
    foot = page.split("<tfoot>")[1].split("</tfoot>")[0]
    return [unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", foot)]


@pytest.mark.slow
@pytest.mark.xdist_group("libreoffice")
@pytest.mark.django_db
@needs_calc
def test_totals_in_calc_are_those_of_the_page(tmp_path, client):
    contest, rounds, _health = make_world(3)
    Round.objects.filter(contest=contest).update(state="published")
    report = freeze_round_report(round=rounds[2], unit=contest.unit, actor=None)
    write_file(
        report_document(report.dataset, Report(1, report.digest)), format="xlsx", target=tmp_path / "report.xlsx"
    )
    calc(tmp_path / "report.xlsx", AS_CSV)

    total = report.dataset["total"]
    for sheet in ("Theo đơn vị", "Theo loại đơn vị"):
        read = total_in_calc(tmp_path, sheet)
        assert [int(read[label]) for label in ("Biên chế", "Số người tham gia", "Số lượt thi")] == [
            total["headcount"], total["participants"], total["entries"],
        ]  # fmt: skip
        assert Decimal(read["Tỷ lệ tham gia"].removesuffix("%")) == 100 * Decimal(total["rate"])

    organiser = make_user()
    grant(organiser, Role.ORGANISER, contest.unit)
    client.force_login(organiser)
    shown = total_on_page(client.get(reverse("report-weekly", args=[rounds[2].pk])).content.decode())
    rate = f"{float(total['rate']) * 100:.2f}%".replace(".", ",")
    assert shown[1:4] == [str(total["headcount"]), str(total["participants"]), rate]
    assert shown[5] == str(total["entries"])


def wide(columns: int) -> Document:
    made = [Column(f"c{number}", f"Cột {number}", Kind.INTEGER, width=10) for number in range(columns)]
    return Document("Báo cáo", [], [Table("t", "Bảng", made, [tuple(range(columns))] * 3)], row_count=3)


@pytest.mark.parametrize(("columns", "pages", "names"), [(20, 1, None), (21, 2, "$A:$B"), (45, 3, "$A:$B")])
def test_a_table_too_wide_to_be_read_is_printed_on_several_pages_with_its_names(tmp_path, columns, pages, names):
    write_file(wide(columns), format="xlsx", target=tmp_path / "wide.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "wide.xlsx").worksheets[0]
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (pages, 0)
    assert (sheet.print_title_rows, sheet.print_title_cols) == ("$3:$3", names)


@pytest.mark.slow
@pytest.mark.xdist_group("libreoffice")
@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs pdftotext: apt-get install poppler-utils")
@needs_calc
def test_every_printed_page_repeats_the_header_and_the_names(tmp_path):
    write_file(wide(45), format="xlsx", target=tmp_path / "wide.xlsx")
    calc(tmp_path / "wide.xlsx", "pdf")
    done = subprocess.run(["pdftotext", "-layout", str(tmp_path / "wide.pdf"), "-"], capture_output=True, check=True)
    pages = [page for page in done.stdout.decode().split("\f") if page.strip()]
    assert len(pages) == 3
    assert all("Cột 0" in page and "Cột 1 " in page for page in pages)
    assert ["Cột 44" in page for page in pages] == [False, False, True]
