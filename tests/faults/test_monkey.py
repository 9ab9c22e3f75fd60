"""No address answers 500, whoever asks, whatever the parameters and whatever the form holds."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from django.test import Client
from django.urls import clear_url_caches, path

from config.urls import urlpatterns
from tests.faults.addresses import GARBAGE, addresses
from tests.faults.secrets_world import World, build_world, content_of, make_exports, publish, rank

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
FIELD = re.compile(r"<(?:input|select|textarea|button)[^>]*\sname=\"([^\"]+)\"")
NONSENSE = ["\x00", "9" * 5000, "9" * 19, "đ̛" * 300]
QUERY_NAMES = ["page", "q", "round", "unit", "sort", "order", "bank", "topic", "missing", "next", "practice", "number"]
ACTORS = ["participant", "organiser", "administrator"]


@pytest.fixture
def world():
    return build_world(perfect=3)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written in the block is taken back, so that every request meets the same world."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def failures(client: Client, requests) -> list[tuple]:
    """The requests, (method, url, data), that ended in a 500. Each has the client's first cookies."""
    failed = []
    morsels = {name: morsel.value for name, morsel in client.cookies.items()}
    for method, url, data in requests:
        client.cookies.clear()
        client.cookies.load(morsels)
        with undone():
            response = getattr(client, method)(url, data)
            content_of(response)  # closes a file
        if response.status_code == 500:
            failed.append((method, url, str(data)[:80]))
    return failed


def known_urls(world: World, who: str) -> list[str]:
    values = world.values(who)
    return [url for address in addresses() for url in address.urls(values)]


def garbage_urls() -> list[str]:
    return [url for address in addresses() for url in address.urls(GARBAGE) if "<" in address.route]


def test_no_address_answers_500_to_anybody(world):
    """While the round is open or only ranked, test_leaks.py walks the same way."""
    rank(world)
    publish(world)
    make_exports(world)
    for who, client in world.clients.items():
        urls = [*known_urls(world, who), *garbage_urls()]
        assert failures(client, [("get", url, {}) for url in urls]) == [], who


def test_no_nonsense_in_a_query_answers_500(world):
    rank(world)
    publish(world)
    urls = known_urls(world, "organiser")
    requests = [("get", url, dict.fromkeys(QUERY_NAMES, nonsense)) for url in urls for nonsense in NONSENSE]
    assert failures(world.clients["organiser"], requests) == []


@pytest.mark.parametrize("who", ACTORS)
def test_no_nonsense_in_a_form_answers_500(world, who):
    """Every address is posted to: nothing, and each kind of nonsense in every field its page shows."""
    client = world.clients[who]
    requests = []
    for url in known_urls(world, who):
        response = client.get(url)
        page = "" if response.streaming else response.content.decode(errors="replace")
        names = set(FIELD.findall(page)) - {"csrfmiddlewaretoken"}
        requests.append(("post", url, {}))
        requests += [("post", url, dict.fromkeys(names, nonsense)) for nonsense in NONSENSE if names]
    assert failures(client, requests) == []


def test_control_an_address_that_fails_is_found_by_the_walk(world):
    """A new address is walked without being listed, and its failure is seen."""

    def broken(request, pk):
        raise RuntimeError(pk)

    pattern = path("rounds/<int:pk>/broken/", broken, name="broken")
    urlpatterns.append(pattern)
    try:
        clear_url_caches()
        found = failures(world.clients["anonymous"], [("get", url, {}) for url in known_urls(world, "anonymous")])
        assert {url for _, url, _ in found} == {f"/rounds/{round.pk}/broken/" for round in (world.round, world.draft)}
    finally:
        urlpatterns.remove(pattern)
        clear_url_caches()
