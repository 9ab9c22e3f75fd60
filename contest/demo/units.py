"""The units of a made-up province, in the proportions of the reference contest."""

import math
from dataclasses import dataclass

from contest.demo.dice import Dice, share_out
from contest.demo.names import place_names
from contest.demo.plan import LOGINS, Plan

PROVINCE = "Minh Giang"
ROOT_ID = 1
ROOT_CODE = "H99"

CENTRAL, DEPARTMENT, DISTRICT, COMMUNE, SCHOOL = range(1, 6)
KINDS = {
    0: "Tỉnh",
    CENTRAL: "Cơ quan Trung ương trên địa bàn",
    DEPARTMENT: "Sở, ban, ngành",
    DISTRICT: "Huyện, thị xã, thành phố",
    COMMUNE: "Xã, phường, thị trấn",
    SCHOOL: "Trường học",
}
# Of every 110 units, as many as sent clips in the reference contest.
PROPORTIONS = {CENTRAL: 2, DEPARTMENT: 19, DISTRICT: 11, COMMUNE: 77, SCHOOL: 1}
# Staff of a typical unit of the kind.
TYPICAL_STAFF = {CENTRAL: 90, DEPARTMENT: 130, DISTRICT: 240, COMMUNE: 60, SCHOOL: 110}

HOME_AFFAIRS, HEALTH = "Sở Nội vụ", "Sở Y tế"
# Who belongs to the department of health; the other logins to that of home affairs, which runs the contest.
OF_HEALTH = ("participant", "participant2", "coordinator")
_LARGE = {HEALTH: 12.0, "Sở Giáo dục và Đào tạo": 10.0, HOME_AFFAIRS: 1.2}
_CENTRAL = [
    "Kho bạc Nhà nước tỉnh",
    "Bảo hiểm xã hội tỉnh",
    "Cục Thuế tỉnh",
    "Cục Thống kê tỉnh",
    "Cục Hải quan tỉnh",
    "Ngân hàng Nhà nước Chi nhánh tỉnh",
    "Cục Thi hành án dân sự tỉnh",
    "Cục Quản lý thị trường tỉnh",
    "Công an tỉnh",
]
_DEPARTMENTS = [
    HOME_AFFAIRS,
    HEALTH,
    "Văn phòng Ủy ban nhân dân tỉnh",
    "Sở Giáo dục và Đào tạo",
    "Sở Tư pháp",
    "Sở Tài chính",
    "Sở Kế hoạch và Đầu tư",
    "Sở Công Thương",
    "Sở Nông nghiệp và Phát triển nông thôn",
    "Sở Giao thông vận tải",
    "Sở Xây dựng",
    "Sở Tài nguyên và Môi trường",
    "Sở Thông tin và Truyền thông",
    "Sở Lao động - Thương binh và Xã hội",
    "Sở Văn hóa và Thể thao",
    "Sở Du lịch",
    "Sở Khoa học và Công nghệ",
    "Sở Ngoại vụ",
    "Thanh tra tỉnh",
    "Ban Dân tộc tỉnh",
    "Ban Quản lý Khu kinh tế và Khu công nghiệp tỉnh",
    "Trung tâm Phục vụ hành chính công tỉnh",
    "Văn phòng Đoàn đại biểu Quốc hội và Hội đồng nhân dân tỉnh",
    "Ủy ban Mặt trận Tổ quốc Việt Nam tỉnh",
    "Liên đoàn Lao động tỉnh",
    "Hội Liên hiệp Phụ nữ tỉnh",
    "Hội Nông dân tỉnh",
    "Tỉnh Đoàn",
    "Hội Cựu chiến binh tỉnh",
    "Đài Phát thanh và Truyền hình tỉnh",
    "Ban Quản lý dự án đầu tư xây dựng tỉnh",
    "Viện Nghiên cứu phát triển tỉnh",
    "Quỹ Đầu tư phát triển tỉnh",
    "Hội Chữ thập đỏ tỉnh",
    "Liên minh Hợp tác xã tỉnh",
    "Trung tâm Khuyến nông tỉnh",
]
_SCHOOLS = [
    "Trường Cao đẳng Y tế",
    "Trường Chính trị tỉnh",
    "Trường Cao đẳng Công nghiệp",
    "Trường Cao đẳng Sư phạm",
    "Trường Cao đẳng Giao thông",
    "Trường Cao đẳng Du lịch",
]


@dataclass(frozen=True, slots=True)
class DemoUnit:
    """A unit with the number of staff on its roster and its declared headcount (None: takes no part)."""

    id: int
    code: str
    name: str
    kind: int
    parent: int | None
    staff: int = 0
    headcount: int | None = None


def make_units(plan: Plan) -> list[DemoUnit]:
    """The root unit and `plan.units` units below it, whose staff sum to `plan.staff`."""
    dice = plan.dice("units")
    kinds = _kinds(plan.units)
    names = _names(dice, kinds)
    codes, parents = _places_in_tree(kinds)
    staff = _staff(dice, kinds, names, plan.staff)
    root = DemoUnit(ROOT_ID, ROOT_CODE, f"Tỉnh {PROVINCE}", 0, None)
    return [root] + [
        DemoUnit(ROOT_ID + number, codes[number - 1], names[number - 1], kind, parents[number - 1], count,
                 _headcount(dice, count))
        for number, (kind, count) in enumerate(zip(kinds, staff, strict=True), start=1)
    ]  # fmt: skip


def _kinds(count: int) -> list[int]:
    counts = share_out(count, list(PROPORTIONS.values()))
    return [kind for kind, share in zip(PROPORTIONS, counts, strict=True) for _ in range(share)]


def _names(dice: Dice, kinds: list[int]) -> list[str]:
    """A name for each unit; where a list of names ends, its branches (cơ sở 2, 3 …) go on."""
    places = iter(place_names(dice, len(kinds)))
    listed = {CENTRAL: _CENTRAL, DEPARTMENT: _DEPARTMENTS, SCHOOL: _SCHOOLS}
    seen = dict.fromkeys(KINDS, 0)
    names = []
    for kind in kinds:
        number = seen[kind]
        seen[kind] += 1
        if kind in listed:
            turn, index = divmod(number, len(listed[kind]))
            names.append(listed[kind][index] + (f" (cơ sở {turn + 1})" if turn else ""))
        else:
            names.append(f"Ủy ban nhân dân {_rank_of(dice, kind, number)} {next(places)}")
    return names


def _rank_of(dice: Dice, kind: int, number: int) -> str:
    """What a district or a commune is called: the first district is the province's town."""
    if kind == DISTRICT:
        return "thành phố" if number == 0 else "thị xã" if number < 3 else "huyện"
    draw = dice.fraction()
    return "xã" if draw < 0.72 else "phường" if draw < 0.93 else "thị trấn"


def _places_in_tree(kinds: list[int]) -> tuple[list[str], list[int]]:
    """Codes and parents: communes lie below the districts, in turn, all others below the root."""
    districts = [index for index, kind in enumerate(kinds) if kind == DISTRICT]
    codes, parents = [], []
    below: dict[int, int] = {}
    for index, kind in enumerate(kinds):
        if kind != COMMUNE or not districts:
            codes.append(f"{ROOT_CODE}.{index + 1:02}")
            parents.append(ROOT_ID)
            continue
        district = districts[sum(below.values()) % len(districts)]
        below[district] = below.get(district, 0) + 1
        codes.append(f"{codes[district]}.{below[district]:02}")
        parents.append(ROOT_ID + 1 + district)
    return codes, parents


def _staff(dice: Dice, kinds: list[int], names: list[str], total: int) -> list[int]:
    """The staff of each unit, uneven as in life: the logins in theirs, then one each while there are enough."""
    weights = [
        TYPICAL_STAFF[kind] * _LARGE.get(name, 1.0) * math.exp(dice.normal(0.0, 0.35))
        for kind, name in zip(kinds, names, strict=True)
    ]
    free = total - len(LOGINS)
    floor = 1 if free >= len(kinds) else 0
    staff = [floor + share for share in share_out(free - floor * len(kinds), weights)]
    for login, _ in LOGINS:
        staff[home_of(login, names)] += 1
    return staff


def home_of(login: str, names: list[str]) -> int:
    """The index of the unit that a login belongs to, the first where that department is missing."""
    home = HEALTH if login in OF_HEALTH else HOME_AFFAIRS
    return names.index(home) if home in names else 0


def _headcount(dice: Dice, staff: int) -> int:
    """The declared headcount: mostly a little above the staff, now and then just below."""
    if dice.chance(0.04):
        return max(staff - 1 - dice.below(3), 1)
    if dice.chance(0.45):
        return staff
    return staff + round(staff * dice.between(0.0, 0.06))
