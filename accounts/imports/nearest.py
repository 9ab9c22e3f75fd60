"""Which unit did they mean? The nearest code or name, for people who mistype."""

from collections.abc import Iterable
from difflib import get_close_matches

from django.utils.translation import gettext as _

from accounts.imports.columns import use_text_format
from accounts.text import search_key

# Comparing is slow: a file with ten thousand wrong codes gets its first suggestions only.
MAX_SUGGESTIONS = 100


class UnitFinder:
    """Finds the nearest of `units`, given as (code, name), by code or name without diacritics."""

    def __init__(self, units: Iterable[tuple[str, str]]):
        self._names = dict(units)
        self._by_key: dict[str, str] = {}
        self._by_digits: dict[str, str] = {}
        self._answers: dict[str, str] = {}

    def unknown(self, code: str) -> str:
        """The sentence that says that there is no unit `code`, with the nearest one."""
        if code not in self._answers and len(self._answers) >= MAX_SUGGESTIONS:
            return _("Không có đơn vị nào mang mã “%(code)s”.") % {"code": code}
        if code not in self._answers:
            self._answers[code] = self._sentence(code)
        return self._answers[code]

    def _sentence(self, code: str) -> str:
        self._index()
        sentence = _("Không có đơn vị nào mang mã “%(code)s”.") % {"code": code}
        padded = self._by_digits.get(code.lstrip("0")) if code.isdigit() else None
        near = padded or self._nearest(code)
        if near:
            sentence += " " + _("Có phải “%(code)s” (%(name)s)?") % {"code": near, "name": self._names[near]}
        return sentence + " " + use_text_format() if padded else sentence

    def _nearest(self, code: str) -> str | None:
        matches = get_close_matches(search_key(code), self._by_key, n=1, cutoff=0.6)
        return self._by_key[matches[0]] if matches else None

    def _index(self) -> None:
        if self._by_key:
            return
        for code, name in self._names.items():
            self._by_key.setdefault(search_key(name), code)
            if code.isdigit():
                self._by_digits.setdefault(code.lstrip("0"), code)
        self._by_key |= {search_key(code): code for code in self._names}
