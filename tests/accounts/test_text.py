"""Vietnamese text: normal form, order, and finding without diacritics."""

import unicodedata

import pytest

from accounts.text import nfc, person_sort_key, search_key, sort_key


def test_decomposed_text_equals_composed_text():
    composed = "Nguyễn  Thị\u00a0Hường "
    assert nfc(unicodedata.normalize("NFD", composed)) == "Nguyễn Thị Hường"


@pytest.mark.parametrize(
    "words",
    [
        ["an", "ăn", "ân", "ba", "cá", "da", "đa", "em", "êm", "on", "ôn", "ơn", "un", "ưn", "yên"],
        ["ma", "mà", "mả", "mã", "má", "mạ"],
        ["ba", "bà", "ban", "bàn"],
        ["Phòng 1", "Phòng 2", "Phòng An"],
    ],
)
def test_words_sort_as_in_a_vietnamese_dictionary(words):
    assert sorted(reversed(words), key=sort_key) == words


def test_people_sort_by_given_name_first():
    people = ["Trần Văn An", "Lê Thị Ánh", "Nguyễn Văn Bình", "Bùi Văn Bình"]
    assert sorted(people, key=person_sort_key) == ["Trần Văn An", "Lê Thị Ánh", "Bùi Văn Bình", "Nguyễn Văn Bình"]


def test_searching_needs_no_diacritics():
    assert search_key("Đặng Thị Ngọc Ưu") == "dang thi ngoc uu"
