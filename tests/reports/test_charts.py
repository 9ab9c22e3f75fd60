"""Charts show what they are given, wholly and in proportion, to those who see them and to those who do not."""

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.charts import svg
from reports.charts.bars import bars
from reports.charts.columns import columns
from reports.charts.heat import heat_table
from reports.charts.lines import DASHES, MARKERS, lines
from reports.charts.progress import progress
from reports.charts.scale import nice_axis
from reports.charts.values import Chart, Series, Value, shortened, spelled
from reports.templatetags.figures import number

HOSTILE = "</title><script>alert(1)</script>\"'&<\x00\ud800>"
few = settings(max_examples=40, deadline=None)
values = st.one_of(
    st.none(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=True, allow_infinity=True),
    st.decimals(-(10**9), 10**9, places=4),
)
lists = st.lists(values, max_size=12)
SVG = "{http://www.w3.org/2000/svg}"


def drawn(chart: Chart) -> list[ElementTree.Element]:
    """Both pictures, parsed: they are well-formed XML."""
    return [ElementTree.fromstring(str(picture)) for picture in (chart.wide, chart.narrow)]


def of_class(picture: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [shape for shape in picture.iter() if name in shape.get("class", "").split()]


def box(shape: ElementTree.Element) -> tuple[float, float, float, float]:
    x, y, width, height = (float(shape.attrib[key]) for key in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def numbers_in(picture: ElementTree.Element) -> list[float]:
    lengths = ("x", "y", "x1", "x2", "y1", "y2", "width", "height", "cx", "cy", "r", "points", "viewBox")
    return [
        float(number)
        for shape in picture.iter()
        for key in lengths
        for number in re.split(r"[ ,]+", shape.get(key, ""))
        if number
    ]


def make_columns(known: Sequence[Value], **more: Any) -> Chart:
    labels = [f"{place:02} giờ" for place in range(len(known))]
    return columns(id="c", title="Tải", labels=labels, series=[Series("Lượt", known)], **more)


def make_bars(known: Sequence[Value], **more: Any) -> Chart:
    labels = [f"Đơn vị {place}" for place in range(len(known))]
    return bars(id="b", title="Đơn vị", labels=labels, values=known, value_name="Người", **more)


def make_lines(*known: Sequence[Value], **more: Any) -> Chart:
    labels = [f"Tuần {place}" for place in range(len(known[0]))]
    series = [Series(f"Bảng {number}", one) for number, one in enumerate(known)]
    return lines(id="l", title="Xu hướng", labels=labels, series=series, **more)


# --- Axes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "ticks"),
    [
        ([], ["0", "1"]),
        ([0, 0], ["0", "1"]),
        ([None, None], ["0", "1"]),
        ([7], ["0", "2", "4", "6", "8"]),
        ([3, 3, 3], ["0", "1", "2", "3"]),
        ([20058, 21008], ["0", "10000", "20000", "30000"]),
        ([-3, 8], ["-5", "0", "5", "10"]),
        ([-120], ["-150", "-100", "-50", "0"]),
        ([10**30], [str(part * 5 * 10**29) for part in range(3)]),
        ([float("nan"), float("inf"), 4], ["0", "1", "2", "3", "4"]),
    ],
)
def test_axes_have_round_ticks(known, ticks):
    assert [f"{tick:f}" for tick in nice_axis(known).ticks] == ticks


def test_axes_of_decimals_go_below_one_and_those_of_people_do_not():
    assert [str(tick) for tick in nice_axis([Decimal("0.25")], places=2).ticks] == ["0.0", "0.1", "0.2", "0.3"]
    assert [str(tick) for tick in nice_axis([1]).ticks] == ["0", "1"]
    axis = nice_axis([Decimal("11.2"), Decimal("11.9")], places=2, from_zero=False)
    assert [str(tick) for tick in axis.ticks] == ["11.2", "11.4", "11.6", "11.8", "12.0"]


@few
@given(lists, st.integers(3, 12), st.integers(0, 3), st.booleans())
def test_axes_hold_every_value_with_steps_of_1_2_or_5(known, most, places, from_zero):
    axis = nice_axis(known, most=most, places=places, from_zero=from_zero)
    ticks = [Fraction(tick) for tick in axis.ticks]
    steps = {later - earlier for earlier, later in pairwise(ticks)}
    assert len(steps) == 1
    step = steps.pop()
    assert str(Decimal(step.numerator) / step.denominator).replace("E+", "e").strip("0.")[0] in "125"
    assert 2 <= len(ticks) <= most + 1
    exact = [Fraction(value) for value in known if value is not None and math.isfinite(value)]
    assert all(ticks[0] <= value <= ticks[-1] for value in exact)


# --- Figures ----------------------------------------------------------------------------------------


def test_figures_are_written_as_vietnamese_offices_write_them():
    assert spelled(1234567) == "1.234.567"
    assert spelled(Decimal("1234.5"), places=1) == "1.234,5"
    assert spelled(0.1, places=2, unit="%") == "0,10%"
    assert [spelled(value) for value in (None, float("nan"), float("inf"))] == ["-", "-", "-"]
    assert shortened(Decimal("1.5E6")) == "1,5 triệu"
    assert shortened(Decimal(-2 * 10**9)) == "-2 tỷ"
    with override("en"):
        assert (spelled(1234), shortened(Decimal("1.5E6"))) == ("1,234", "1.5 million")


# --- Columns ----------------------------------------------------------------------------------------


@few
@given(lists)
def test_columns_stay_in_the_plot_and_are_in_proportion(known):
    for picture in drawn(make_columns(known)):
        assert all(map(math.isfinite, numbers_in(picture)))
        left, top, right, bottom = box(of_class(picture, "chart__plot")[0])
        shapes = of_class(picture, "chart__bar")
        exact = [Fraction(value) for value in known if value is not None and math.isfinite(value)]
        assert len(shapes) == len(exact)
        for x1, y1, x2, y2 in map(box, shapes):
            assert left - 0.02 <= x1 <= x2 <= right + 0.02
            assert top - 0.02 <= y1 <= y2 <= bottom + 0.02
        tallest = max((abs(value) for value in exact), default=Fraction(0))
        heights = [float(shape.attrib["height"]) for shape in shapes]
        for value, height in zip(exact, heights, strict=True):
            part = float(abs(value) / tallest) if tallest else 0.0
            assert height == pytest.approx(part * max(heights), abs=0.03)


def test_a_gap_has_no_column_and_a_zero_has_one_without_height():
    picture = drawn(make_columns([5, None, 0]))[0]
    assert [float(shape.attrib["height"]) > 0 for shape in of_class(picture, "chart__bar")] == [True, False]


def test_negative_columns_hang_below_the_line_of_zero():
    picture = drawn(make_columns([-5, 10]))[0]
    down, up = map(box, of_class(picture, "chart__bar"))
    zero = float(of_class(picture, "chart__zero")[0].attrib["y1"])
    assert (down[1], up[3]) == pytest.approx((zero, zero), abs=0.02)
    assert down[3] - down[1] == pytest.approx((up[3] - up[1]) / 2, abs=0.02)


def test_two_series_differ_by_their_outline_and_three_are_refused():
    pair = [Series("Tuần 1", [3, 4]), Series("Tuần 2", [5, None])]
    picture = drawn(columns(id="c", title="Điểm", labels=["0", "1"], series=pair))[0]
    assert [shape.get("fill") for shape in of_class(picture, "chart__bar")] == ["currentColor", "currentColor", "none"]
    with pytest.raises(ValueError, match="at most two"):
        columns(id="c", title="Điểm", labels=["0", "1"], series=[*pair, pair[0]])


def test_labels_that_find_no_room_are_left_out_evenly():
    wide, narrow = drawn(make_columns(list(range(24))))
    named = [
        [text.text for text in of_class(picture, "chart__text") if "giờ" in (text.text or "")]
        for picture in (wide, narrow)
    ]
    assert named[0] == [f"{hour:02} giờ" for hour in range(0, 24, 2)]
    assert named[1] == [f"{hour:02} giờ" for hour in range(0, 24, 5)]


def test_letters_are_large_enough_on_a_phone():
    """A card on a phone of 390 pixels leaves 326; 12 pixels are the least."""
    for chart in (make_columns([1, 2]), make_bars([1, 2]), make_lines([1, 2], [2, 3])):
        picture = drawn(chart)[1]
        scale = 326 / float(picture.attrib["viewBox"].split()[2])
        sizes = [float(text.attrib["font-size"]) * scale for text in picture.iter(f"{SVG}text")]
        assert min(sizes) >= 12


# --- Bars -------------------------------------------------------------------------------------------


@few
@given(lists)
def test_bars_stay_in_the_plot_and_are_in_proportion(known):
    for picture in drawn(make_bars(known)):
        assert all(map(math.isfinite, numbers_in(picture)))
        left, _top, right, bottom = box(of_class(picture, "chart__plot")[0])
        shapes = of_class(picture, "chart__bar")
        exact = [Fraction(value) for value in known if value is not None and math.isfinite(value)]
        assert len(shapes) == len(exact)
        widths = [float(shape.attrib["width"]) for shape in shapes]
        tallest = max((abs(value) for value in exact), default=Fraction(0))
        for value, width, (x1, _y1, x2, y2) in zip(exact, widths, map(box, shapes), strict=True):
            assert left - 0.02 <= x1 <= x2 <= right + 0.02
            assert y2 <= bottom
            part = float(abs(value) / tallest) if tallest else 0.0
            assert width == pytest.approx(part * max(widths), abs=0.03)


def test_long_labels_of_bars_are_wrapped_and_kept_whole_in_the_table():
    label = "Bệnh viện Đa khoa khu vực Chân Mây, " * 8
    chart = bars(id="b", title="Đơn vị", labels=[label], values=[1], value_name="Người")
    for picture in drawn(chart):
        texts = [text.text or "" for text in of_class(picture, "chart__text")]
        assert texts[1].endswith("…")
        assert len(texts) == 3
        assert all(svg.width_of(text, 13) <= float(picture.attrib["viewBox"].split()[2]) for text in texts)
    assert chart.rows == [[label, "1"]]


# --- Lines ------------------------------------------------------------------------------------------


@few
@given(st.lists(st.tuples(values, values, values), max_size=12))
def test_lines_stay_in_the_plot_with_a_marker_for_every_known_value(rows):
    known = [list(column) for column in zip(*rows, strict=True)] or [[], [], []]
    for picture in drawn(make_lines(*known)):
        assert all(map(math.isfinite, numbers_in(picture)))
        left, top, right, bottom = box(of_class(picture, "chart__plot")[0])
        for line in of_class(picture, "chart__line"):
            if line in [part for sample in of_class(picture, "chart__sample") for part in sample.iter()]:
                continue
            for point in line.attrib["points"].split():
                x, y = map(float, point.split(","))
                assert left - 0.02 <= x <= right + 0.02
                assert top - 0.02 <= y <= bottom + 0.02
        count = sum(value is not None and math.isfinite(value) for one in known for value in one)
        samples = len(known)
        assert len(of_class(picture, "chart__marker")) == count + samples


def test_a_gap_interrupts_its_line():
    picture = drawn(make_lines([1, 2, None, 3, 4]))[0]
    assert [len(line.attrib["points"].split()) for line in of_class(picture, "chart__line")] == [2, 2]
    alone = drawn(make_lines([1, None, None]))[0]
    assert (len(of_class(alone, "chart__line")), len(of_class(alone, "chart__marker"))) == (0, 1)


def test_the_figure_of_a_low_stands_below_its_point_where_there_is_room():
    for picture in drawn(make_lines([90, 60, 60, 95, 80, 1])):
        points = [float(one.attrib["cy"]) for one in of_class(picture, "chart__marker")]
        figures = [float(one.attrib["y"]) for one in of_class(picture, "chart__figure")]
        below = [figure > point for figure, point in zip(figures, points, strict=True)]
        assert below == [False, True, True, False, False, False]


def test_every_series_has_its_own_dash_and_marker():
    assert len(set(DASHES)) == len(set(MARKERS)) == 6
    picture = drawn(make_lines(*[[number, number + 1] for number in range(6)]))[0]
    dashes = {line.attrib["stroke-dasharray"] for line in of_class(picture, "chart__line")}
    assert dashes == set(DASHES)
    with pytest.raises(ValueError, match="at most six"):
        make_lines(*[[1]] * 7)


# --- Progress and heat ------------------------------------------------------------------------------


@few
@given(st.integers(0, 10**9), st.integers(0, 10**9), st.one_of(st.none(), st.integers(0, 10**9)))
def test_the_progress_column_is_filled_in_proportion(done, total, mark):
    chart = progress(
        id="p", title="Tuần này", done=done, total=total, done_name="Đã thi", total_name="Biên chế", mark=mark,
        mark_name="Tuần trước",
    )  # fmt: skip
    for picture in drawn(chart):
        assert all(map(math.isfinite, numbers_in(picture)))
        _left, top, _right, bottom = box(of_class(picture, "chart__plot")[0])
        filled = float(of_class(picture, "chart__bar")[0].attrib["height"])
        whole = float(of_class(picture, "chart__whole")[0].attrib["height"])
        assert 0 <= filled <= bottom - top + 0.02
        assert filled * total == pytest.approx(whole * done, abs=0.02 * max(total, done))


def test_the_progress_of_nobody_has_no_percentage():
    chart = progress(id="p", title="Tuần", done=0, total=0, done_name="Đã thi", total_name="Biên chế")
    assert (chart.rows, chart.description) == ([["Đã thi", "0"], ["Biên chế", "0"]], "Đã thi: 0 trên 0.")
    over = progress(id="p", title="Tuần", done=15, total=12, done_name="Đã thi", total_name="Biên chế")
    assert over.rows[-1] == ["Tỷ lệ", "125,00%"]


def test_cells_of_a_heat_table_have_their_figure_and_one_of_five_steps():
    heat = heat_table(
        id="h",
        title="Tỷ lệ",
        row_name="Đơn vị",
        columns=["Tuần 1", "Tuần 2", "Tuần 3"],
        rows=[("Sở Y tế", [0, Decimal("24.99"), 25]), ("Sở Tư pháp", [75, 130, None])],
        bounds=[25, 50, 75, 100],
        places=2,
    )
    assert [[(cell.text, cell.step) for cell in row.cells] for row in heat.rows] == [
        [("0,00", 1), ("24,99", 1), ("25,00", 2)],
        [("75,00", 4), ("130,00", 5), ("-", None)],
    ]
    assert [cell.text for cell in heat.legend] == [
        "dưới 25", "25 đến dưới 50", "50 đến dưới 75", "75 đến dưới 100", "từ 100",
    ]  # fmt: skip
    page = render_to_string("components/heat_table.html", {"heat": heat})
    assert page.count("heat__cell--5") == 2
    assert '<td class="num heat__cell heat__cell--none">-</td>' in page


def test_a_heat_table_without_bounds_has_fifths_of_the_largest_value():
    heat = heat_table(id="h", title="Lượt", row_name="Đơn vị", columns=["1"], rows=[("A", [50]), ("B", [9])])
    assert [row.cells[0].step for row in heat.rows] == [5, 1]
    empty = heat_table(id="h", title="Lượt", row_name="Đơn vị", columns=["1"], rows=[("A", [None])])
    assert empty.rows[0].cells[0].step is None


@pytest.mark.parametrize("bounds", [[1, 2, 3], [4, 3, 2, 1], [1, 1, 2, 3], [1, 2, 3, None]])
def test_bounds_of_a_heat_table_are_four_and_ascend(bounds):
    with pytest.raises(ValueError, match="four ascending"):
        heat_table(id="h", title="Lượt", row_name="Đơn vị", columns=["1"], rows=[("A", [1])], bounds=bounds)


# --- For everyone, and safe -------------------------------------------------------------------------


@few
@given(st.text(max_size=80))
def test_texts_of_any_kind_are_escaped(words):
    chart = columns(id="c", title=words, labels=[words], series=[Series(words, [1])], unit=words)
    for picture in drawn(chart):
        assert not [shape for shape in picture.iter() if shape.tag not in {f"{SVG}{name}" for name in KNOWN}]
        assert picture.find(f"{SVG}title").text == svg.UNPRINTABLE.sub(" ", words) or not words


KNOWN = ("svg", "title", "desc", "g", "rect", "line", "text", "polyline", "polygon", "circle")


def every_chart(words: str) -> list[Chart]:
    series = [Series(words, [1, 2]), Series(words + "2", [2, None])]
    return [
        columns(id="c", title=words, labels=[words, words], series=series),
        bars(id="b", title=words, labels=[words, words], values=[1, 2], value_name=words),
        lines(id="l", title=words, labels=[words, words], series=series),
        progress(id="p", title=words, done=1, total=2, done_name=words, total_name=words, mark=1, mark_name=words),
    ]


def test_hostile_texts_stay_texts():
    for chart in every_chart(HOSTILE):
        for picture in drawn(chart):
            assert {shape.tag.removeprefix(SVG) for shape in picture.iter()} <= set(KNOWN)
            assert not {key for shape in picture.iter() for key in shape.attrib} & {"style", "onload", "href"}
        page = render_to_string("components/chart.html", {"chart": chart})
        assert "<script" not in page
        assert "style=" not in page


def test_every_picture_is_named_and_described_and_no_id_comes_twice():
    pages = [render_to_string("components/chart.html", {"chart": chart}) for chart in every_chart("Số liệu")]
    ids = [found for page in pages for found in re.findall(r' id="([^"]+)"', page)]
    assert len(ids) == len(set(ids)) == 20
    for chart in every_chart("Số liệu"):
        for picture in drawn(chart):
            named, described = picture.attrib["aria-labelledby"].split()
            assert picture.attrib["role"] == "img"
            assert picture.find(f"{SVG}title").attrib["id"] == named
            assert picture.find(f"{SVG}desc").attrib["id"] == described
            assert picture.find(f"{SVG}desc").text == chart.description != ""


def test_the_table_beside_has_every_value():
    chart = make_columns([1234, None, Decimal("5")], slot_name="Giờ")
    assert (chart.head, chart.rows) == (["Giờ", "Lượt"], [["00 giờ", "1.234"], ["01 giờ", "-"], ["02 giờ", "5"]])
    assert chart.description == "Biểu đồ cột, 3 cột. Lượt cao nhất ở 00 giờ: 1.234."
    page = render_to_string("components/chart.html", {"chart": chart})
    assert '<th scope="row">00 giờ</th><td class="num">1.234</td>' in page


def test_lists_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        columns(id="c", title="Tải", labels=["1"], series=[Series("Lượt", [])])


@pytest.mark.parametrize(
    ("value", "places", "words"),
    [(Decimal("60.319"), 2, "60,32"), (0.125, 2, "0,13"), (Decimal("99.995"), 2, "100,00"),
     (Decimal("-0.004"), 2, "0,00"),
     (1e30, 0, "1" + ".000" * 10), (1234567, 0, "1.234.567")],
)  # fmt: skip
def test_figures_are_rounded_half_up_and_not_cut_off(value, places, words):
    assert number(value, places) == words
