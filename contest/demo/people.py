"""The staff of a made-up province: names, employee ids, posts, and how they will do in the quiz."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.text import search_key
from contest.demo.dice import Dice, Weighted
from contest.demo.names import person_name
from contest.demo.plan import LOGINS, Plan
from contest.demo.units import COMMUNE, SCHOOL, DemoUnit, home_of

HELPERS = 4  # people of home affairs who prepare the contest: they may take part and are never ranked

_HEADS = {COMMUNE: "Chủ tịch Ủy ban nhân dân", SCHOOL: "Hiệu trưởng"}
_DEPUTIES = {COMMUNE: "Phó Chủ tịch Ủy ban nhân dân", SCHOOL: "Phó Hiệu trưởng"}
_POSTS = {
    COMMUNE: (
        ["Công chức Tư pháp - Hộ tịch", "Công chức Văn phòng - Thống kê", "Công chức Địa chính - Xây dựng",
         "Công chức Tài chính - Kế toán", "Công chức Văn hóa - Xã hội", "Chuyên viên", "Cán bộ không chuyên trách"],
        Weighted([2, 2, 2, 2, 2, 3, 4]),
    ),
    SCHOOL: (["Giảng viên", "Giáo viên", "Chuyên viên", "Kế toán", "Văn thư"], Weighted([9, 4, 2, 1, 1])),
}  # fmt: skip
_OTHER_POSTS = (
    ["Chuyên viên", "Chuyên viên chính", "Phó Trưởng phòng", "Trưởng phòng", "Kế toán", "Văn thư", "Nhân viên"],
    Weighted([50, 14, 8, 6, 5, 4, 6]),
)  # fmt: skip

# How well prepared people are, as log odds of answering a question of middling difficulty correctly:
# those who look everything up, those who know their job, the unprepared, the guessers.
_PREPARED, _ABLE, _WEAK, _GUESSING = (5.0, 0.7), (2.0, 0.8), (0.3, 0.6), (-1.3, 0.3)
_SKILLS = (_PREPARED, _ABLE, _WEAK, _GUESSING)
_SKILL_CHANCE = Weighted([20, 69, 9.5, 1.5])


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A person on the roster. `skill` is in log odds; `zeal` orders a unit's people by eagerness."""

    id: int
    employee_id: str
    full_name: str
    email: str
    position: str
    unit: int
    linked_at: datetime | None
    skill: float
    zeal: float
    role: str


def make_people(plan: Plan, units: list[DemoUnit]) -> list[DemoPerson]:
    """Everyone, by unit: the logins first in theirs, then the head, the deputies and the rest."""
    dice = plan.dice("people")
    logins = _logins_by_unit(units)
    people: list[DemoPerson] = []
    for unit in units:
        linked = 1.0 if dice.chance(0.5) else dice.between(0.88, 1.0)  # 97 % of all
        for place in range(unit.staff):
            login, role = logins[unit.id][place] if place < len(logins[unit.id]) else ("", "")
            free_place = place - len(logins[unit.id])
            person = _make_person(dice, plan, unit, len(people) + 1, free_place, linked, login, role)
            people.append(person)
    return people


def _logins_by_unit(units: list[DemoUnit]) -> dict[int, list[tuple[str, str]]]:
    logins: dict[int, list[tuple[str, str]]] = {unit.id: [] for unit in units}
    names = [unit.name for unit in units[1:]]
    for login, role in LOGINS:
        logins[units[1 + home_of(login, names)].id].append((login, role))
    return logins


def _make_person(
    dice: Dice, plan: Plan, unit: DemoUnit, number: int, place: int, linked: float, login: str, role: str
) -> DemoPerson:
    """Person `number` of all; `place` among those of the unit who are no logins, negative for logins.

    `linked` is the unit's share of people who have ever signed in.
    """
    name = person_name(dice)
    mean, deviation = _SKILLS[_SKILL_CHANCE.index(dice)]
    has_signed_in = dice.chance(linked) or bool(role)
    since = timedelta(seconds=dice.between(3600, 20 * 86_400))
    has_email = dice.chance(0.6)
    return DemoPerson(
        id=number,
        employee_id=login or f"CB{number:06}",
        full_name=name,
        email=_email(name, number) if has_email else "",
        position=_position(dice, unit, place),
        unit=unit.id,
        linked_at=plan.starts_at - since if has_signed_in else None,
        skill=dice.normal(mean, deviation),
        zeal=dice.fraction(),
        role=role,
    )


def _email(name: str, number: int) -> str:
    *family, given = search_key(name).split(" ")
    return f"{given}.{''.join(family)}{number}@example.vn"


def _position(dice: Dice, unit: DemoUnit, place: int) -> str:
    if place == 0:
        return _HEADS.get(unit.kind, "Thủ trưởng đơn vị")
    if 0 < place <= 2:
        return _DEPUTIES.get(unit.kind, "Phó Thủ trưởng đơn vị")
    posts, chance = _POSTS.get(unit.kind, _OTHER_POSTS)
    return posts[chance.index(dice)]


def unranked(people: list[DemoPerson]) -> set[int]:
    """Ids of those who may take part and are never ranked because of a role of theirs."""
    return {person.id for person in people if person.role in ("organiser", "secretary", "auditor", "administrator")}


def helpers(people: list[DemoPerson]) -> list[DemoPerson]:
    """Colleagues of the organisers who help to prepare the contest and so are not ranked either."""
    unit = next(person.unit for person in people if person.role == "organiser")
    return [person for person in people if person.unit == unit and not person.role][:HELPERS]
