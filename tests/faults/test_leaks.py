"""Before publication no address shows anybody the key, a score or the number of perfect papers."""

import logging
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from redis import Redis

from tests.faults.addresses import GARBAGE, addresses
from tests.faults.secrets_world import (
    EXPLANATION,
    LEGAL_SOURCE,
    World,
    build_world,
    content_of,
    freeze,
    make_exports,
    publish,
    rank,
    secrets_in,
    text_of,
)

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

# promises.md §4 lets organisers edit the key before scheduling and auditors read it: these pages show them
# the questions of banks and rounds with key, explanation and source, and the digest that is confirmed.
KEY_PAGES = {
    "manage-round-questions", "manage-round-pick", "manage-round-key", "manage-bank", "manage-question",
    "manage-question-create",
}  # fmt: skip
KEY_READERS = {"organiser", "auditor"}
KEY_SIDE = {EXPLANATION, LEGAL_SOURCE, "digest of the key"}
# … and auditors see other people's scores as soon as they exist.
SCORE_PAGES = {"report-participation", "report-dashboard", "report-export-download", "report-weekly", "report-final",
               "api-participation"}  # fmt: skip
SCORE_SIDE = {"count of perfect people"} | {f"member {name}" for name in ("perfect", "zero", "mean_score")}
# A frozen report's JSON has its winners, too.
WINNERS_SIDE = {f"member {name}" for name in ("score", "rank", "prize", "prediction_error")}
# Totals of a ranked round, for those who decide on its publication: the close has ended every prediction.
TOTALS_PAGES, TOTALS_READERS = {"manage-round", "manage-round-standings"}, {"organiser", "secretary", "auditor"}
# One's own score where the printed rule releases it after the close.
OWN_PAGES = {"api-attempt"}
OWN_SIDE = {"member score"}


# The verifier is a program that names the record's members, and nothing more.
PROGRAMS = {"verifier": {"key_at_opening"}}


def allowed(who: str, name: str, *, is_ranked: bool) -> set[str]:
    """What `who` may find at the address called `name` before publication."""
    may = set(PROGRAMS.get(name, ()))
    if who in KEY_READERS and name in KEY_PAGES:
        may |= KEY_SIDE
    if is_ranked and who == "auditor" and name in SCORE_PAGES:
        may |= SCORE_SIDE
        may |= WINNERS_SIDE if name == "report-export-download" else set()
    if is_ranked and who in TOTALS_READERS and name in TOTALS_PAGES:
        may |= {"count of perfect people"}
    if is_ranked and who.startswith("participant") and name in OWN_PAGES:
        may |= OWN_SIDE
    return may


def everything_found(world: World, only: set[str] = frozenset()) -> dict[tuple[str, str], set[str]]:
    """What everybody, or `only` those, finds by asking for everything: {(who, address): names of secrets}."""
    found: dict[tuple[str, str], set[str]] = {}
    for who, client in world.clients.items():
        if only and who not in only:
            continue
        values = world.values(who)
        for address in addresses():
            query = {} if address.name == "rules" else {"round": world.round.pk}
            for url in address.urls(values):
                response = client.get(url, query_params=query)
                assert response.status_code != 500, (who, url)
                seen = found.setdefault((who, address.name), set())
                seen |= secrets_in(text_of(content_of(response)), world)
                seen |= secrets_in("\n".join(map(str, response.items())), world)
    return found


def refused_on_purpose(world: World) -> Iterator[tuple[str, str, HttpResponse]]:
    """(who, address, answer) of wishes that are wrong: unknown ids, other methods, broken bodies, hostile queries."""
    for who, client in world.clients.items():
        values = world.values(who)
        unknown = {place: GARBAGE.get(place.split(":")[-1], texts) for place, texts in values.items()}
        for address in addresses():
            url = address.urls(values)[0]
            yield who, address.name, client.get(address.urls(unknown)[0])
            yield who, address.name, client.get(url, query_params={"page": "\0", "round": "9" * 30, "unit": "' OR 1=1"})
            yield who, address.name, client.delete(url)
            yield who, address.name, client.post(url, data=b'{"a":', content_type="application/json")


def leaks(found: dict[tuple[str, str], set[str]], *, is_ranked: bool) -> dict[tuple[str, str], set[str]]:
    over = {(who, name): secrets - allowed(who, name, is_ranked=is_ranked) for (who, name), secrets in found.items()}
    return {place: secrets for place, secrets in over.items() if secrets}


def kept_texts() -> str:
    """All that the cache and the broker hold."""
    with Redis.from_url(settings.REDIS_URL) as redis:
        texts = [repr(key) + repr(redis.dump(key)) for key in redis.keys("*")]
    return "\n".join(texts)


@pytest.fixture
def world(caplog):
    caplog.set_level(logging.DEBUG)
    cache.set("scanned", EXPLANATION)
    assert EXPLANATION in kept_texts()
    cache.delete("scanned")
    return build_world()


def test_before_the_close_nothing_leaks(world, caplog):
    make_exports(world)
    assert leaks(everything_found(world), is_ranked=False) == {}
    assert secrets_in(caplog.text + kept_texts(), world) == set()


def test_what_goes_wrong_tells_no_secret(world, caplog):
    """Pages and problems of 400, 403, 404, 405, 409, 415 and 422, and whatever a wrong wish is answered with."""
    found: dict[tuple[str, str], set[str]] = {}
    statuses = set()
    for who, name, response in refused_on_purpose(world):
        statuses.add(response.status_code)
        text = text_of(content_of(response)) + "\n".join(map(str, response.items()))
        assert "Traceback" not in text, (who, name)
        found.setdefault((who, name), set()).update(secrets_in(text, world))
    assert leaks(found, is_ranked=False) == {}
    assert {400, 401, 403, 404, 405} <= statuses
    assert not {status for status in statuses if status >= 500}
    assert secrets_in(caplog.text + kept_texts(), world) == set()


def test_a_failure_of_the_portal_tells_no_secret(world, caplog, monkeypatch):
    """A page that breaks while it holds the key: neither the answer nor the log may show what was in hand."""

    def broken(*arguments, **named):
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("contest.views.quiz.paper_of", broken)
    response = world.clients["participant"].get(f"/rounds/{world.round.pk}/start/")
    assert response.status_code == 500
    assert secrets_in(text_of(content_of(response)), world) == set()
    assert "broken on purpose" in caplog.text
    assert secrets_in(caplog.text, world) == set()


def test_between_close_and_publication_nothing_leaks(world, caplog):
    rank(world)
    freeze(world)
    make_exports(world)
    assert leaks(everything_found(world), is_ranked=True) == {}
    assert secrets_in(caplog.text + kept_texts(), world) == set()


def test_control_after_publication_the_same_walk_finds_what_was_planted(world):
    rank(world)
    publish(world)
    freeze(world)
    make_exports(world)
    found = everything_found(world, only={"anonymous", "participant", "organiser"})
    everybody = set().union(*found.values())
    assert {EXPLANATION, LEGAL_SOURCE, "count of perfect people", "member score", "member correct"} <= everybody
    assert {"member perfect", "member zero", "member mean_score", "member rank", "member prize"} <= everybody
    assert "count of perfect people" in found["anonymous", "results"]
    assert EXPLANATION in found["participant", "attempt"]
    for page in ("report-export-download", "report-weekly", "report-final"):
        assert "count of perfect people" in found["organiser", page]
    assert "secret" not in everybody
