"""Every address × role × own or other object × method does what expected.txt says, and nothing more."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import override_settings

from tests.rights.document import TARGET, document
from tests.rights.table import COLUMNS, orphans, table, unlisted
from tests.rights.walk import deviations, unlisted_methods_that_act
from tests.rights.world import World, build_world

# One worker builds the world once.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("rights")]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[World]:
    """One world for the whole module: every request is undone after it was asked."""
    records = override_settings(RECORD_DIR=tmp_path_factory.mktemp("records"))
    with records, django_db_blocker.unblock(), transaction.atomic():
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
