"""English is complete, keeps what Vietnamese leaves open, and is what an English reader gets."""

import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_python
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation import activate, get_language, override
from django.utils.translation.template import templatize

from contest.models import Prize
from contest.templatetags.portal import number, span
from tests.factories import make_contest, make_user, open_round

ROOT = Path(settings.BASE_DIR)
SOURCES = ("accounts", "config", "contest", "notifications", "privacy", "proposals", "reports", "templates", "videos")
GETTEXT = {"_": 1, "gettext": 1, "gettext_lazy": 1, "gettext_noop": 1, "ngettext": 2, "ngettext_lazy": 2}
PLACES = re.compile(r"%\(\w+\)[sd]|%%|\{\w*\}|<[^>]+>")
VIETNAMESE = re.compile("[àáãèéìíòóõùúýăâđêôơưạảãấầẩẫậắằẳẵặẹẻẽếềểễệỉĩịọỏốồổỗộớờởỡợụủũứừửữựỳỵỷỹ]", re.IGNORECASE)
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with (ROOT / "locale/en/LC_MESSAGES/django.po").open("rb") as file:
        return read_po(file, locale="en")


def texts(value: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """The forms of a message: one, or singular and plural."""
    return (value,) if isinstance(value, str) else tuple(value)


def entries(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


# --- The catalogue ----------------------------------------------------------------------------------


def test_every_entry_has_its_english(catalogue):
    assert [message.id for message in entries(catalogue) if not all(texts(message.string))] == []
    assert [message.id for message in entries(catalogue) if message.fuzzy] == []
    assert list(catalogue.obsolete) == []


def test_english_is_not_vietnamese(catalogue):
    allowed = {"QĐ-BTC", "QĐ-SYT"}  # the symbols of Vietnamese documents, in examples
    left = [
        english
        for message in entries(catalogue)
        for english in texts(message.string)
        if VIETNAMESE.search(re.sub("|".join(allowed), "", english))
    ]
    assert left == []


def test_english_has_the_places_of_the_vietnamese(catalogue):
    differing = [
        (vietnamese, english)
        for message in entries(catalogue)
        for vietnamese, english in zip(texts(message.id), texts(message.string), strict=True)
        if sorted(PLACES.findall(vietnamese)) != sorted(PLACES.findall(english))
    ]
    assert differing == []


def test_babel_compiles_the_catalogue_without_complaint(catalogue):
    """A percent sign before a blank and an s reads as a place to be filled: "75% số điểm"."""
    assert [(message.id, [str(error) for error in errors]) for message, errors in catalogue.check()] == []


@pytest.mark.slow
def test_every_string_of_the_source_is_in_the_catalogue(catalogue):
    marked = {forms for path in sources() for forms in strings_of(path)}
    held = {texts(message.id) for message in entries(catalogue)}
    held |= {forms[:1] for forms in held}  # gettext finds a message with a plural too
    assert sorted(marked - held) == [], "run make messages, then write the English"


def sources() -> list[Path]:
    return [
        path
        for directory in SOURCES
        for path in sorted((ROOT / directory).rglob("*"))
        if path.suffix in (".py", ".html", ".txt") and "migrations" not in path.parts
    ]


def strings_of(path: Path) -> Iterator[tuple[str, ...]]:
    """The strings a source file marks for translation: each as one form, or as singular and plural."""
    source = path.read_text(encoding="utf-8")
    return python_strings(source) if path.suffix == ".py" else template_strings(source)


def python_strings(source: str) -> Iterator[tuple[str, ...]]:
    """Read from the syntax tree: it also shows calls inside f-strings, which tokenizers pass over."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            number = GETTEXT.get(getattr(node.func, "id", getattr(node.func, "attr", "")), 0)
            forms = [argument.value for argument in node.args[:number] if isinstance(argument, ast.Constant)]
            if forms:
                yield tuple(forms)


def template_strings(source: str) -> Iterator[tuple[str, ...]]:
    """Django blanks out all but the marked strings, and Babel reads what is left as if it were Python."""
    python = io.BytesIO(re.sub(r"(?m)^\s+", "", templatize(source)).encode())
    for _line, _function, forms, _comments in extract_python(python, DEFAULT_KEYWORDS, [], {"encoding": "utf-8"}):
        yield texts(forms)[: 1 if isinstance(forms, str) else 2]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.py", 'x = _("Một") + gettext_lazy("Hai") + ngettext("Ba", "Nhiều", n) + f"{_(\'Bốn\')}" + other("Năm")'),
        (
            "a.html",
            '{% load i18n %}<p title="{% translate \'Một\' %}">{% include "x" with a=_("Hai") %}</p>Năm\n'
            "   {% blocktranslate count n=n %}Ba{% plural %}Nhiều{% endblocktranslate %}\n"
            "{% blocktranslate %}Bốn{% endblocktranslate %}",
        ),
    ],
)
def test_control_strings_that_are_marked_are_found(tmp_path, name, source):
    (tmp_path / name).write_text(source, encoding="utf-8")
    assert sorted(strings_of(tmp_path / name)) == [("Ba", "Nhiều"), ("Bốn",), ("Hai",), ("Một",)]


def test_english_counts_one_and_many():
    with override("en"):
        assert (number("1234.5"), number(1234567)) == ("1,234.5", "1,234,567")
        assert (span(90061), span(7200)) == ("1 day 1 hour 1 minute 1 second", "2 hours")


# --- Pages and API ----------------------------------------------------------------------------------


def visible(response) -> str:
    """The body without what is the same in both languages: the switch."""
    return re.sub(r'(?s)<form class="lang".*?</form>', "", response.content.decode())


@pytest.fixture
def contest(db):
    """A public contest with an open round, whose own names have no letter that only Vietnamese has."""
    contest = make_contest(title="CCHC", is_public=True)
    contest.unit.name = "So Noi vu"
    contest.unit.save()
    open_round(contest, title="Round 1")
    Prize.objects.update(title="Prize")
    return contest


@pytest.mark.parametrize(
    ("address", "english", "vietnamese"),
    [
        ("/", "Sign in to take part", "Đăng nhập để vào thi"),
        ("/accounts/login/", "Login name or employee ID", "Tên đăng nhập hoặc mã nhân viên"),
        ("/contests/{slug}/rules/", "Each question has exactly one right choice.", "Mỗi câu có đúng một đáp án đúng."),
    ],
)
def test_public_pages_come_in_the_language_of_the_reader(client, contest, address, english, vietnamese):
    address = address.format(slug=contest.slug)
    default, translated = visible(client.get(address)), visible(client.get(address, **ENGLISH))
    assert '<html lang="vi"' in default
    assert vietnamese in default
    assert english not in default
    assert '<html lang="en"' in translated
    assert english in translated
    assert VIETNAMESE.findall(re.sub("Bình|Dũng|Hà", "", translated)) == []  # the people of the worked example


def test_pages_of_participants_and_staff_come_in_english(client, contest):
    person = make_user(full_name="An")
    client.force_login(person)
    round = contest.rounds.get()
    for address in ("/rounds/", f"/rounds/{round.pk}/start/"):
        page = visible(client.get(address, **ENGLISH))
        assert VIETNAMESE.findall(page) == [], address


def test_errors_of_the_api_come_in_the_language_of_the_caller(client, db):
    for headers, detail in (({}, "Bạn cần đăng nhập."), (ENGLISH, "You need to sign in.")):
        response = client.get("/api/v1/rounds/", **headers)
        assert (response.status_code, response.json()["detail"]) == (401, detail)


def test_the_switch_changes_the_language_and_comes_back_to_the_page(client, contest):
    form = re.search(
        r'(?s)<form class="lang" method="post" action="([^"]+)".*?</form>', client.get("/").content.decode()
    )
    assert form is not None
    address = f"/contests/{contest.slug}/rules/"
    for language, mark in (("en", "Prizes per round"), ("vi", "Giải thưởng mỗi tuần")):
        response = client.post(form[1], {"language": language, "next": address}, **ENGLISH)
        assert (response.status_code, response["Location"]) == (302, address)
        assert mark in client.get(address, **ENGLISH).content.decode()


@pytest.mark.xdist_group("languages")
@pytest.mark.parametrize("place", ["first", "second"])
def test_no_test_inherits_the_language_of_another(place):
    assert get_language() == "vi"
    activate("en")
