"""How a paper is scored. Pure: values in, values out.

A key maps question codes to right choice codes. A key change names a question and what its key becomes:
a list of codes, "credited" (1 point for all) or "void" (0 for all, and no longer needed for a perfect
paper); a later change of the same question wins.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from contest.paper import codes_to_mask

CREDITED, VOID = "credited", "void"
KeyRule = int | str  # a bit mask over the canonical choices, CREDITED or VOID


@dataclass(frozen=True, slots=True)
class Key:
    """The key in force: one rule per question, in bank order."""

    rules: tuple[KeyRule, ...]

    @property
    def full_marks(self) -> int:
        """The score of a perfect paper: the number of questions that are not void."""
        return sum(rule != VOID for rule in self.rules)

    def score(self, answers: Sequence[int]) -> int:
        """Questions where the chosen set equals the key; credited ones always, void ones never."""
        return sum(self.outcome(index, mask) in ("right", "credited") for index, mask in enumerate(answers))

    def outcome(self, index: int, mask: int) -> str:
        """right, wrong, blank, credited or void: what became of one answer."""
        rule = self.rules[index]
        if isinstance(rule, str):
            return rule
        if mask == 0:
            return "blank"
        return "right" if mask == rule else "wrong"


def key_in_force(
    codes: Iterable[str], key_at_opening: Mapping[str, list[str]], changes: Iterable[Mapping[str, Any]] = ()
) -> Key:
    """The key of the questions `codes`, in that order, after `changes` in order."""
    rules: dict[str, KeyRule] = {code: codes_to_mask(key_at_opening[code]) for code in codes}
    for change in changes:
        to = change["to"]
        rules[change["question"]] = to if isinstance(to, str) else codes_to_mask(to)
    return Key(tuple(rules.values()))


def prediction_target(asks: str, decimals: int, *, entries: int, people: int, perfect_people: int) -> Decimal:
    """What the prediction asked for, as it came out.

    A percentage is 100·perfect_people/people, half up to `decimals` places, 0 if nobody took part.
    """
    if asks == "perfect_percent":
        share = Decimal(100 * perfect_people) / people if people else Decimal(0)
        return share.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return Decimal({"perfect_people": perfect_people, "participants": people, "entries": entries}[asks])


def number_text(value: Decimal | None, decimals: int) -> str:
    """`value` with exactly `decimals` places, as in the record; "" for None."""
    return "" if value is None else f"{value:.{decimals}f}"
