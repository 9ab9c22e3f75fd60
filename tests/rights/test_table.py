"""Every address × role × own or other object × method does what expected.txt says, and nothing more."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import override_settings

from accounts.models import Unit
from tests.factories import grant
from tests.rights.document import TARGET, document
from tests.rights.table import COLUMNS, orphans, parse, table, unlisted
from tests.rights.walk import deviations, unlisted_methods_that_act
from tests.rights.world import World, build_world, write_stand_in

# One worker builds the world once.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("rights")]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[World]:
    """One world for the whole module: every request is undone after it was asked."""
    records = override_settings(RECORD_DIR=tmp_path_factory.mktemp("records"))
    with records, pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        patch.setattr("contest.full_record.write_record", write_stand_in)
        # Most cells are refused, and the page that says so is the dearest part of it.
        for status in (403, 404):
            patch.setattr(f"config.urls.handler{status}", lambda request, exception, s=status: HttpResponse(status=s))
        yield build_world()
        transaction.set_rollback(True)


def test_every_address_has_a_row():
    missing = {f"{address.name}    /{address.route}" for address in unlisted()}
    assert not missing, "addresses without a row in tests/rights/expected.txt:\n" + "\n".join(sorted(missing))


def test_every_row_has_an_address():
    assert [row.label for row in orphans()] == []


@pytest.mark.slow
@pytest.mark.parametrize("who", COLUMNS)
def test_everybody_may_do_what_the_table_says_and_no_more(world, who):
    wrong = deviations(world, who, table().rows)
    assert not wrong, f"{who}:\n" + "\n".join(f"{cell}: {what}" for cell, what in wrong.items())


@pytest.mark.slow
@pytest.mark.parametrize("who", ["anonymous", "organiser"])
def test_methods_that_the_table_does_not_name_write_nothing(world, who):
    assert unlisted_methods_that_act(world, who, table().rows) == {}


def test_the_page_of_rights_is_up_to_date():
    assert TARGET.read_text() == document(), "docs/rights.md is old: make rights"


@pytest.mark.slow
@pytest.mark.parametrize("who", ["coordinator", "organiser", "secretary", "auditor", "administrator"])
def test_a_role_over_the_root_holds_in_every_department(world, who):
    """What is "own" by scope is everything then; what is a person's own stays theirs."""
    by_scope = [row for row in table().rows if row.cells[who] == ("ok", "404") and row.is_by_scope]
    assert by_scope
    everywhere = [replace(row, cells={**row.cells, who: ("ok", "ok")}) for row in by_scope]
    with transaction.atomic():
        grant(world.people[who], who)
        wrong = deviations(world, who, everywhere)
        transaction.set_rollback(True)
    assert wrong == {}


@pytest.mark.slow
def test_control_without_the_guard_the_walk_finds_what_is_open(world, monkeypatch):
    """If rights reached everything, the table would name every page of the other department."""
    monkeypatch.setattr("contest.manage.access.units_with", lambda user, right: Unit.objects.all())
    wrong = deviations(world, "participant", [row for row in table().rows if row.name == "manage-contest-visibility"])
    assert wrong == {
        "manage-contest-visibility POST own": "ok, expected 404",
        "manage-contest-visibility POST other": "ok, expected 404",
    }


@pytest.mark.parametrize(
    "line", ["home GET ok", "home LOOK" + " ok" * 9, "home GET" + " perhaps" * 9, "home GET" + " ok/ok/ok" * 9]
)
def test_a_line_that_is_no_row_is_named(line):
    with pytest.raises(ValueError, match="line 2"):
        parse(f"== Section ==\n{line}")
