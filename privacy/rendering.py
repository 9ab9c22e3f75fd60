"""The register as a page of the documentation."""

from collections.abc import Iterator

from privacy.register import ELSEWHERE, ERASURE_WORDS, REGISTER, Column, Table

HEAD = """# Personal data

What the portal holds about people, made from `privacy/register.py` by `python manage.py render_register`. Change the
register, not this page. A column that is not named here holds nothing personal.

`copy`: it is in the copy that a person can download at `/privacy/my-data/`. Erasing is what an administrator does at
`/manage/privacy/people/`; see [operations.md](operations.md).
"""


def register_page() -> str:
    """docs/personal-data.md, in the language that is active."""
    return "\n".join([HEAD, *_uses(), *_tables(), *_elsewhere()]).rstrip() + "\n"


def _uses() -> Iterator[str]:
    yield "## Why and how long\n"
    yield "| Tables | Purpose | Ground | Kept |\n| --- | --- | --- | --- |"
    uses: dict = {}
    for label, table in REGISTER.items():
        for column in table.personal.values():
            uses.setdefault(column.use, dict.fromkeys([])).setdefault(label)
    for use, labels in uses.items():
        tables = ", ".join(f"`{label}`" for label in labels)
        yield f"| {tables} | {use.purpose} | {use.ground} | {use.kept} |"
    yield ""


def _tables() -> Iterator[str]:
    yield "## Columns\n"
    yield "| Columns | Copy | At an erasure | Why |\n| --- | --- | --- | --- |"
    for label, table in REGISTER.items():
        yield from _rows(label, table)
    yield ""


def _rows(label: str, table: Table) -> Iterator[str]:
    alike: dict[Column, list[str]] = {}
    for name, column in table.personal.items():
        alike.setdefault(column, []).append(name)
    for column, names in alike.items():
        copy = "copy" if column.exported else ""
        columns = ", ".join(names)
        yield f"| `{label}`: {columns} | {copy} | {ERASURE_WORDS[column.erasure]} | {column.why} |"


def _elsewhere() -> Iterator[str]:
    yield "## Outside the tables\n"
    yield "| What | Holds | Kept |\n| --- | --- | --- |"
    for what, holds, kept in ELSEWHERE:
        yield f"| {what} | {holds} | {kept} |"
