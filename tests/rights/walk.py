"""Asks for a cell of the table: sends the request and says what came of it, and what it wrote."""

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.shortcuts import resolve_url

from tests.rights.table import METHODS, Row
from tests.rights.world import World

# Written by every request that carries a session or a token, refused or not: when it was last seen.
SEEN_TABLES = {"django_session", "usersessions_usersession", "accounts_apitoken"}
API = "/api/"


def deviations(world: World, who: str, rows: list[Row]) -> dict[str, str]:
    """{row and side: what is wrong} of every cell of `who`'s column that does not come true."""
    wrong = {}
    for row in rows:
        for side, wanted in zip(("own", "other"), row.cells[who], strict=True):
            if side == "other" and not _has_sides(row):
                continue
            for outcome, wrote in ask(world, who, row, row.method, side):
                if outcome != wanted:
                    wrong[f"{row.label} {side}"] = f"{outcome}, expected {wanted}"
                elif outcome != "ok" and wrote:
                    wrong[f"{row.label} {side}"] = f"{outcome}, but it wrote into {', '.join(sorted(wrote))}"
    return wrong


def unlisted_methods_that_act(world: World, who: str, rows: list[Row]) -> dict[str, str]:
    """{address and method: tables} where a method that the table does not name wrote something."""
    wrong = {}
    listed = {(row.name, row.method) for row in rows}
    for row in {row.name: row for row in rows}.values():
        for method in METHODS:
            if (row.name, method) in listed:
                continue
            for _outcome, wrote in ask(world, who, row, method, "own"):
                if wrote:
                    wrong[f"{row.name} {method}"] = ", ".join(sorted(wrote))
    return wrong


def _has_sides(row: Row) -> bool:
    return "{" in row.query or any("<" in address.route or "%(" in address.route for address in row.addresses())


def ask(world: World, who: str, row: Row, method: str, side: str) -> list[tuple[str, set[str]]]:
    """(outcome, tables written) of the request, for each address the row speaks of. Nothing of it stays."""
    return [
        _send(world, who, row, method, side, url)
        for address in row.addresses()
        for url in address.urls(world.values(who, side, row.variant or _default_state(row.name)))
    ]


def _default_state(name: str) -> str:
    return "draft" if name.startswith("manage-") else "open"


def _send(world: World, who: str, row: Row, method: str, side: str, url: str) -> tuple[str, set[str]]:
    client, query = world.clients[who], world.query(row.query, side)
    options: dict[str, Any] = {"headers": world.headers(row.variant, who, side)}
    if method != "GET":
        options["data"] = world.body(row.name, who, side)
        if url.startswith(API) or method != "POST":
            options["content_type"] = "application/json"
    cookies = client.cookies.copy()
    cache.clear()
    before = _rows_written()
    with transaction.atomic():
        response = getattr(client, method.lower())(url + query, **options)
        b"".join(response) if response.streaming else response.content
        after = _rows_written()
        transaction.set_rollback(True)
    client.cookies = cookies
    wrote = {table for table, number in after.items() if number != before.get(table, 0)}
    return outcome_of(response), wrote - SEEN_TABLES


def outcome_of(response: Any) -> str:
    """In the table's words; "ok" for whatever got past the question of rights."""
    if response.status_code in (301, 302, 303):
        return "login" if response.url.startswith(resolve_url(settings.LOGIN_URL)) else "ok"
    if response.status_code < 300 or response.status_code in (400, 409, 422):
        return "ok"
    return str(response.status_code)


def _rows_written() -> dict[str, int]:
    """Rows written into each table so far in this transaction, those of undone savepoints included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
        )
        return dict(cursor.fetchall())
