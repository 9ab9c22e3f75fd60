"""What a round is made of, its paper, key and units, and how scheduling freezes it."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import Membership, Unit, UnitQuerySet
from contest.models import Block, Round, RoundQuestion, RoundUnit
from contest.record_format import canonical, commitment_of, digest


def places_of(round: Round) -> list[RoundQuestion]:
    """The round's questions with their choices, in order. Two queries."""
    return list(round.round_questions.select_related("question__bank").prefetch_related("question__choices"))


def paper_and_key(
    round: Round, places: Sequence[RoundQuestion] | None = None
) -> tuple[list[dict[str, Any]], dict[str, list[str]]]:
    """The record's `questions` (bank order) and `key_at_opening` as the round's questions stand now."""
    places = places_of(round) if places is None else places
    questions = [
        {
            "code": place.code,
            "text": place.question.text,
            "multiple": place.question.multiple,
            "choices": [{"code": choice.code, "text": choice.text} for choice in place.question.choices.all()],
        }
        for place in places
    ]
    return questions, {place.code: list(place.question.correct) for place in places}


def key_digest(round: Round, places: Sequence[RoundQuestion] | None = None) -> str:
    """What a second organiser confirms: changes with any edit of a question, a choice or the key."""
    questions, key = paper_and_key(round, places)
    return digest(canonical({"key": key, "questions": questions}))


def last_day_of(round: Round) -> date:
    """The last day on which the round is open: Sunday for one that closes on Sunday at 24:00."""
    return timezone.localdate(round.closes_at - timedelta(microseconds=1))


def units_taking_part(round: Round) -> UnitQuerySet:
    """Units of the contest in force at some time of the round that have a headcount or members."""
    below = Unit.objects.at_or_below([round.contest.unit_id])
    members = Membership.objects.current().filter(unit=OuterRef("pk"))
    return (
        below.filter(
            Q(valid_from=None) | Q(valid_from__lte=last_day_of(round)),
            Q(valid_to=None) | Q(valid_to__gt=timezone.localdate(round.opens_at)),
        )
        .annotate(has_members=Exists(members))
        .filter(Q(has_members=True) | Q(headcount__isnull=False))
    )


def freeze_content(round: Round, *, salt: str, secret: bytes) -> None:
    """Copy rules, paper and key into the round and commit to the key. The caller saves the round."""
    places = places_of(round)
    round.rules = round.contest.rules()
    round.grace_seconds = round.contest.grace_seconds
    round.blocks = list(Block.objects.filter(contest=round.contest_id).order_by("code").values_list("code", flat=True))
    round.paper, round.key_at_opening = paper_and_key(round, places)
    round.fixed_order = [place.code for place in places if place.question.fixed_order]
    round.salt, round.secret = salt, secret
    round.commitment = commitment_of(round.key_at_opening, round.paper, salt)


def copy_units(round: Round) -> int:
    """Copy the units taking part, with parent, kind and headcount, as every report of the round reads them."""
    copies = [
        RoundUnit(
            round=round, unit_id=unit.pk, parent_id=unit.parent_id, kind_id=unit.kind_id, headcount=unit.headcount or 0
        )
        for unit in units_taking_part(round)
    ]
    return len(RoundUnit.objects.bulk_create(copies, batch_size=2000))
