"""Who takes part in a round: the turnout of each unit, and the eager before the others."""

from contest.demo.dice import Dice
from contest.demo.people import DemoPerson
from contest.demo.plan import Plan, RoundWindow

# Units without any entry, of every 189: 184 of 189 took part in the first week of the reference contest.
_MISSING_UNITS = (5, 2, 0)
_OPEN_TURNOUT = 0.66


def taking_part(plan: Plan, window: RoundWindow, people: list[DemoPerson]) -> list[DemoPerson]:
    """The people with an attempt in the round, in order of their ids.

    The two participants among the logins have none in the open round: whoever looks at the demo takes it.
    """
    dice = plan.dice("turnout", window.number)
    by_unit: dict[int, list[DemoPerson]] = {}
    for person in people:
        by_unit.setdefault(person.unit, []).append(person)
    missing = _missing_units(dice, plan, window, by_unit)
    chosen: list[DemoPerson] = []
    for unit, members in by_unit.items():
        turnout = 0.0 if unit in missing else _turnout(dice, window)
        able = sorted((person for person in members if _may_take_part(person)), key=lambda person: person.zeal)
        chosen += able[: round(turnout * len(able))]
    return sorted(_with_logins(window, chosen, people), key=lambda person: person.id)


def _may_take_part(person: DemoPerson) -> bool:
    return person.linked_at is not None and person.role in ("", "coordinator")


def _missing_units(dice: Dice, plan: Plan, window: RoundWindow, by_unit: dict[int, list[DemoPerson]]) -> set[int]:
    share = _MISSING_UNITS[min(window.number, len(_MISSING_UNITS)) - 1] / 189
    plain = [unit for unit, members in by_unit.items() if not any(person.role for person in members)]
    return set(dice.shuffled(plain)[: round(share * plan.units)])


def _turnout(dice: Dice, window: RoundWindow) -> float:
    """The share of a unit's linked staff: many units complete, most nearly, a few far behind."""
    if window.stage == "open":
        return min(max(dice.normal(_OPEN_TURNOUT, 0.1), 0.4), 1.0)
    draw = dice.fraction()
    if draw < 0.40 + 0.08 * min(window.number, 4):
        return 1.0
    return dice.between(0.93, 1.0) if draw < 0.96 else dice.between(0.55, 0.93)


def _with_logins(window: RoundWindow, chosen: list[DemoPerson], people: list[DemoPerson]) -> list[DemoPerson]:
    """`chosen` with the participants among the logins, and an organiser who is never ranked, if published."""
    if window.stage != "published":
        return chosen
    return chosen + [person for person in people if person.role == "participant" or person.employee_id == "organiser2"]
