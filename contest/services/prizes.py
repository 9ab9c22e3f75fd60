"""Handing out a ranked round's prizes, and what is still at stake."""

from collections.abc import Iterator

from django.db.models import Min

from contest.models import Attempt, Draw, Round, Standing
from contest.models.setup import Wins
from contest.ranking import Ranked, Tie, give_prizes, prize_places

FIRST_PAGE = 200


def award_prizes(round: Round) -> list[Tie]:
    """Give the round's prizes anew by ranks, lots and exclusions; returns the ties that need lots.

    Sets `round.prize_excluded`; the caller saves it, and holds the round's lock.
    """
    round.prize_excluded = earlier_winners(round) if round.rules["wins"] == Wins.ONCE else []
    given, ties = decide_prizes(round)
    standings = Standing.objects.filter(round=round)
    standings.with_prize().update(prize=None)
    prizes = {prize.code: prize for prize in round.prizes.all()}
    winners = Attempt.objects.filter(round=round, entry__in=given).values_list("pk", "entry")
    for attempt_id, entry in winners:
        standings.filter(pk=attempt_id).update(prize=prizes[given[entry]])
    return ties


def decide_prizes(round: Round) -> tuple[dict[str, str], list[Tie]]:
    """({entry: prize code}, ties that need lots) over all blocks of a round that has standings."""
    if not round.perfect_people and not round.rules["prize_if_nobody_perfect"]:
        return {}, []
    prizes = prize_places(round.prizes.all())
    draws = list(Draw.objects.filter(round=round).values_list("entries", flat=True))
    excluded = set(round.prize_excluded)
    given: dict[str, str] = {}
    ties: list[Tie] = []
    for block in _blocks_of(round):
        winners, open_ties = give_prizes(
            _rows(round, block), block=block, prizes=prizes, excluded=excluded, draws=draws
        )
        given |= winners
        ties += open_ties
    return given, ties


def _blocks_of(round: Round) -> list[str]:
    return sorted({*round.blocks, ""})


def _rows(round: Round, block: str) -> Iterator[Ranked]:
    """The block's ranking from its head, read in pages by position: prizes seldom reach beyond the first.

    Positions of a block follow one another, so a page needs no sort of the whole round.
    """
    standings = Standing.objects.filter(round=round, block=block)
    start = standings.aggregate(first=Min("position"))["first"]
    size = FIRST_PAGE
    while start is not None:
        page = standings.filter(position__gte=start, position__lt=start + size).in_stored_order()
        rows = list(page.values_list("rank", "attempt__entry", "attempt__user_id"))
        yield from (Ranked(*row) for row in rows)
        start, size = (start + size, size * 10) if len(rows) == size else (None, size)


def earlier_winners(round: Round) -> list[int]:
    """People who have won a prize in an earlier round of the contest."""
    won = Standing.objects.filter(prize__isnull=False, round__contest=round.contest_id, round__number__lt=round.number)
    return sorted(set(won.values_list("attempt__user_id", flat=True)))
