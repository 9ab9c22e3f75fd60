"""Every address of the portal, found by walking the URLconf: what is added later is walked without being listed."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern
from django.utils.regex_helper import normalize

PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>|%\((\w+)\)s")
# By the converter's name: what no address has ever been made for.
GARBAGE: Mapping[str, Sequence[str]] = {
    "int": ("0", "9" * 18, "9" * 30),
    "uuid": ("00000000-0000-4000-8000-000000000000",),
    "slug": ("khong-co", "a" * 300),
    "str": ("%00", "..%2f..%2fetc%2fpasswd", "%ff%fe", "x" * 300),
}


@dataclass(frozen=True)
class Address:
    """One URL pattern: its name, and its text with the parameters still in it."""

    name: str
    route: str

    def urls(self, values: Mapping[str, Sequence[str]]) -> list[str]:
        """The address with every parameter filled in every way that fits.

        `values` are looked up by the part of the path before the parameter ("rounds/<int:pk>": "rounds"), then
        by the parameter's name, then by its converter.
        """
        parameters = list(PARAMETER.finditer(self.route))
        choices = [self._choices(parameter, values) for parameter in parameters]
        return [self._filled(filling) for filling in itertools.product(*choices)]

    def _choices(self, parameter: re.Match[str], values: Mapping[str, Sequence[str]]) -> Sequence[str]:
        parts = [part for part in self.route[: parameter.start()].split("/") if part]
        converter, name = parameter[1] or "str", parameter[2] or parameter[3]
        before = f"{parts[-1]}:{converter}" if parts else ""
        return next(values[word] for word in (before, name, converter) if word in values)

    def _filled(self, filling: Sequence[str]) -> str:
        values = iter(filling)
        return "/" + PARAMETER.sub(lambda _: next(values), self.route)


def addresses() -> list[Address]:
    """Every pattern of the URLconf, in its order."""
    return list(_walk(get_resolver().url_patterns, ""))


def _walk(patterns: Sequence[URLPattern | URLResolver], prefix: str) -> Iterator[Address]:
    for entry in patterns:
        if isinstance(entry.pattern, RegexPattern):
            ((text, _),) = normalize(str(entry.pattern))[:1]
        else:
            text = str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, prefix + text)
        else:
            yield Address(entry.name or entry.lookup_str, prefix + text)
