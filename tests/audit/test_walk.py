"""Whatever somebody with a role writes by a page is traced: the table of rights is walked, each write looked at."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import override_settings

from tests.rights.table import Row, table
from tests.rights.walk import ask
from tests.rights.world import World, build_world

pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.xdist_group("rights")]

TRACE = "accounts_auditentry"
# What a person does as a participant, or for themselves: answering, signing in and out, reading messages.
OWN_AFFAIRS = (
    "set_language", "round-start", "attempt", "api-", "account_", "account-", "mfa_", "openid_", "sso-", "session-",
    "notification", "unit-correction", "accounts.", "socialaccount", "privacy", "my-",
)  # fmt: skip
# A draft that its coordinator has not sent yet is seen by nobody else; its sending is traced.
DRAFTS = {"proposal-staff", "proposal-staff-file", "proposal-headcounts", "proposal-headcounts-file"}
ACTING = ("coordinator", "organiser", "secretary", "auditor", "administrator")


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[World]:
    records = override_settings(RECORD_DIR=tmp_path_factory.mktemp("records"))
    with records, django_db_blocker.unblock(), transaction.atomic():
        yield build_world()
        transaction.set_rollback(True)


def acts_of(who: str) -> list[Row]:
    rows = [row for row in table().rows if row.method != "GET" and row.cells[who][0] == "ok"]
    return [row for row in rows if not row.name.startswith(OWN_AFFAIRS) and row.name not in DRAFTS]


@pytest.mark.parametrize("who", ACTING)
def test_whatever_is_written_by_somebody_with_a_role_is_traced(world, who):
    written = {row.label: ask(world, who, row, row.method, "own") for row in acts_of(who)}
    silent = {
        label: tables
        for label, answers in written.items()
        for _outcome, tables in answers
        if tables and TRACE not in tables
    }
    assert silent == {}
    if who == "organiser":
        traced = {label for label, answers in written.items() if any(TRACE in tables for _outcome, tables in answers)}
        assert {"manage-round-delete POST", "manage-round-publish@ranked POST", "manage-block-delete POST"} <= traced
