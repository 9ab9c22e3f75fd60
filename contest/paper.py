"""The frozen paper of a round, compiled for the hot path, and the order in which an attempt shows it.

Pure but for `paper_of`, which reads a scheduled round once per process: from then on its paper, rules and
secret never change.
"""

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

CHOICE_CODES = "ABCDEF"


@dataclass(frozen=True, slots=True)
class Paper:
    """A scheduled round's content. Indexes are canonical, from 0; positions are as shown, from 1."""

    round_id: int
    questions: tuple[dict[str, Any], ...]
    fixed_order: frozenset[str]
    rules: dict[str, Any]
    grace_seconds: int
    secret: bytes

    @property
    def size(self) -> int:
        return len(self.questions)

    def question_order(self, attempt_id: UUID) -> list[int]:
        """The canonical index of the question at each shown position of this attempt."""
        if not self.rules["shuffle_questions"]:
            return list(range(self.size))
        return permutation(attempt_id, "questions", self.size)

    def choice_order(self, attempt_id: UUID, index: int) -> list[int]:
        """The canonical index of the choice at each shown position of question `index`."""
        question = self.questions[index]
        count = len(question["choices"])
        if not self.rules["shuffle_choices"] or question["code"] in self.fixed_order:
            return list(range(count))
        return permutation(attempt_id, question["code"], count)

    def pseudonym(self, prefix: str, text: str) -> str:
        """`prefix` and 20 hex digits that name something in the record without telling what it is."""
        return prefix + hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()[:20]

    def entry_of(self, attempt_id: UUID) -> str:
        return self.pseudonym("E", f"entry:{attempt_id}")

    def person_of(self, user_id: int) -> str:
        return self.pseudonym("P", f"person:{user_id}")

    def chosen_codes(self, answers: list[int]) -> list[str]:
        """Each question's chosen choice codes, alphabetical and joined ("AC"; "" when blank)."""
        return [mask_codes(mask) for mask in answers]


def permutation(attempt_id: UUID, label: str, count: int) -> list[int]:
    """A permutation of range(count) that only the attempt's id and `label` decide, for ever the same."""
    stream = hashlib.shake_128(attempt_id.bytes + label.encode()).digest(4 * count)
    return sorted(range(count), key=lambda index: stream[4 * index : 4 * index + 4])


def positions_to_mask(positions: list[int], order: list[int]) -> int:
    """The bit mask over canonical choices for choices at shown `positions` (from 1)."""
    mask = 0
    for position in positions:
        mask |= 1 << order[position - 1]
    return mask


def mask_to_positions(mask: int, order: list[int]) -> list[int]:
    """The shown positions (from 1, ascending) of the choices in `mask`."""
    return [position for position, index in enumerate(order, start=1) if mask >> index & 1]


def codes_to_mask(codes: list[str] | str) -> int:
    return sum(1 << CHOICE_CODES.index(code) for code in codes)


@lru_cache(maxsize=64)
def mask_codes(mask: int) -> str:
    return "".join(code for index, code in enumerate(CHOICE_CODES) if mask >> index & 1)


def compile_paper(round: Any) -> Paper:
    """The paper of a scheduled `Round`."""
    return Paper(
        round_id=round.pk,
        questions=tuple(round.paper),
        fixed_order=frozenset(round.fixed_order),
        rules=round.rules,
        grace_seconds=round.grace_seconds,
        secret=bytes(round.secret),
    )


@lru_cache(maxsize=64)
def paper_of(round_id: int) -> Paper:
    """The paper of the scheduled round with this id. One query per process.

    Raises LookupError for an unknown or unscheduled round.
    """
    from contest.models import Round

    round = (
        Round.objects.filter(pk=round_id, scheduled_at__isnull=False)
        .only("paper", "fixed_order", "rules", "grace_seconds", "secret")
        .first()
    )
    if round is None:
        raise LookupError(round_id)
    return compile_paper(round)
