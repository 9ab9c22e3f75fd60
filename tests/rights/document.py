"""Writes docs/rights.md: the rights of each role, and the table of addresses that the tests ask for.

`make rights` runs it. A test fails when the file is not what this module would write.
"""

import os
from pathlib import Path

import django

from tests.faults.addresses import PARAMETER
from tests.rights.table import COLUMNS, table

TARGET = Path(__file__).resolve().parents[2] / "docs/rights.md"
SHOWN = {"login": "sign in", "ok": "✓"}

HEAD = """# Who may do what

Made by `make rights` from `accounts/rights.py` and `tests/rights/expected.txt`; change those, not this page. The
suite asks the portal for every cell of the tables below. It fails where the answer differs, where an address has no
row, and where this page is old.

1. [Roles](#1-roles)
2. [Rights of the roles](#2-rights-of-the-roles)
3. [Address by address](#3-address-by-address)

## 1. Roles

A role is granted over a unit and holds for it and everything below; the root unit means everywhere. Grants have a first
and perhaps a last day, a reason and a trace. They are read from the database at every request, so that a role which is
revoked or has ended is gone at the next click of a session that is still open. Everybody on the roster with a unit
is a participant, without a grant.
"""
RIGHTS = """
## 2. Rights of the roles

✓ within the scope of the grant. Everything else is nobody's.
"""
ADDRESSES = """
## 3. Address by address

| Cell | Meaning |
| --- | --- |
| ✓ | allowed, for one's own as for other objects |
| own | allowed for one's own object, or below the unit over which the role is held; of another department: 404 |
| own, 403 | the same, and another's is refused with 403 |
| sign in | sent to the sign-in page |
| 401, 403, 404, 405 | refused so, and nothing is written |

The column “token” is an API token of an organiser: it acts as a participant. Behind an address: `@ranked` and so on is
the state of the round that is meant, `@key` a request with the key of one's own attempt. Methods that are
not listed write nothing.
"""


def document() -> str:
    """The page as it should be."""
    from accounts.models import Role

    roles = [f"| {role.value} | {role.label} | {BARRED[role.value]} |" for role in Role]
    lines = [HEAD, "| Role | Vietnamese | Takes the quiz |", "| --- | --- | --- |"]
    lines += ["| participant | Người dự thi | yes |", *roles]
    return "\n".join([*lines, RIGHTS, *_rights(), ADDRESSES, *_sections()]).rstrip() + "\n"


BARRED = {
    "coordinator": "yes",
    "judge": "yes",
    "organiser": "yes, never ranked in contests of the scope",
    "secretary": "yes, never ranked in contests of the scope",
    "auditor": "no",
    "administrator": "no",
}


def _rights() -> list[str]:
    from accounts.models import Role
    from accounts.rights import HOLDERS, Right

    lines = [_line(["Right", *Role.values]), _line(["---"] * (1 + len(Role.values)))]
    for right in Right:
        held = ["✓" if role in HOLDERS[right] else "–" for role in Role]
        lines.append(_line([right.meaning, *held]))
    return lines


def _sections() -> list[str]:
    lines = []
    for title, text in table().sections.items():
        lines += ["", f"### {title}", "", text, "", _line(["Address", "Method", *COLUMNS])]
        lines.append(_line(["---"] * (2 + len(COLUMNS))))
        for row in table().rows:
            if row.section == title:
                lines.append(_line([_address(row), row.method, *(_shown(*row.cells[who]) for who in COLUMNS)]))
    return lines


def _address(row) -> str:
    if "*" in row.name:
        return f"`{row.name}`"
    variant = f" @{row.variant}" if row.variant else ""
    routes = sorted({f"/{address.route}" for address in row.addresses()})
    return "<br>".join(f"`{_readable(route)}{row.query}`{variant}" for route in routes)


def _readable(route: str) -> str:
    """ "contests/<int:pk>/" as "contests/{pk}/"."""
    return PARAMETER.sub(lambda found: "{%s}" % (found[2] or found[3]), route)


def _shown(own: str, other: str) -> str:
    if own == other:
        return SHOWN.get(own, own)
    first = "own" if own == "ok" else f"own: {SHOWN.get(own, own)}"
    return first if other == "404" else f"{first}, {SHOWN.get(other, other)}"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    TARGET.write_text(document())
