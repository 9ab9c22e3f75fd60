"""Synthetic names of people and places. Nobody is meant: parts are combined by chance."""

from contest.demo.dice import Dice, Weighted


def _words(text: str) -> list[str]:
    return text.split()


# Family names, roughly as common as among the Kinh, with the old families of the centre.
_FAMILIES = {
    "Nguyễn": 36.0, "Trần": 11.0, "Lê": 10.0, "Phạm": 6.5, "Hoàng": 5.0, "Phan": 4.5, "Võ": 4.0, "Đặng": 2.4,
    "Bùi": 2.0, "Hồ": 2.4, "Ngô": 1.6, "Đỗ": 1.4, "Dương": 1.3, "Trương": 1.8, "Huỳnh": 1.2, "Đoàn": 1.0, "Hà": 0.9,
    "Lý": 0.5, "Mai": 0.8, "Cao": 0.8, "Tô": 0.4, "Châu": 0.5, "Lương": 0.6, "Đinh": 0.7, "Trịnh": 0.6, "Tôn Thất": 0.4,
}  # fmt: skip
_WOMEN = {
    "Thị": 30, "Thị Thu": 6, "Thị Thanh": 6, "Thị Ngọc": 6, "Thị Kim": 5, "Thị Minh": 5, "Thị Hồng": 5, "Thị Mỹ": 4,
    "Thị Phương": 4, "Thị Diệu": 3, "Thị Bích": 3, "Thị Như": 2, "Ngọc": 4, "Thanh": 3, "Khánh": 2, "Hoài": 2,
    "Thùy": 2, "Quỳnh": 2,
}  # fmt: skip
_MEN = {
    "Văn": 22, "Hữu": 7, "Đức": 7, "Minh": 7, "Quang": 7, "Đình": 6, "Công": 5, "Xuân": 5, "Ngọc": 5, "Thanh": 5,
    "Quốc": 5, "Viết": 4, "Anh": 4, "Hoàng": 4, "Duy": 4, "Bá": 3, "Trọng": 3, "Tấn": 3, "Thế": 3, "Phước": 2,
}  # fmt: skip
_WOMEN_GIVEN = _words(
    "An Anh Bình Châu Chi Cúc Dung Duyên Giang Hà Hạnh Hằng Hiền Hiếu Hoa Hoài Hồng Huệ Hương Hường Huyền "
    "Khánh Lan Lài Lệ Liên Linh Loan Ly Mai My Nga Ngân Nguyệt Nhàn Nhi Nhung Oanh Phúc Phương Phượng "
    "Quyên Sương Tâm Thảo Thắm Thơ Thu Thủy Thúy Thương Trang Trâm Trinh Tuyết Uyên Vân Xuân Yến"
)
_MEN_GIVEN = _words(
    "An Anh Bảo Bình Chiến Chung Cường Danh Dũng Duy Dương Đại Đạt Điền Định Đông Đức Giang Hải Hào Hiếu "
    "Hiệp Hòa Hoàng Hùng Huy Hưng Khánh Khoa Kiên Lâm Lộc Long Lực Mạnh Minh Nam Nghĩa Nhân Nhật Phong "
    "Phú Phúc Phước Quân Quang Quý Sơn Tài Tâm Tân Thái Thành Thắng Thiện Thịnh Thuận Tiến Toàn Trí Trung "
    "Trường Tuấn Tùng Vinh Vũ Ý"
)

# Parts of two-syllable place names.
_PLACE_FIRST = _words(
    "An Bình Cẩm Đông Hải Hòa Hưng Kim Lộc Long Mỹ Nam Phong Phú Phước Quảng Sơn Tân Thanh Thuận Thủy Trường Vĩnh Xuân"
)
_PLACE_SECOND = _words(
    "An Bình Châu Diên Đức Giang Hậu Hải Hòa Khê Lâm Lộc Lương Minh Mỹ Ninh Phú Phước Quang Sơn Thành "
    "Thịnh Thượng Trạch Trung Tường Vinh Xuân"
)

_FAMILY_CHANCE = Weighted(list(_FAMILIES.values()))
_FAMILY_NAMES = list(_FAMILIES)
_MIDDLES = {
    True: (Weighted(list(_WOMEN.values())), list(_WOMEN), _WOMEN_GIVEN),
    False: (Weighted(list(_MEN.values())), list(_MEN), _MEN_GIVEN),
}


def person_name(dice: Dice) -> str:
    """Family, middle and given name of a woman or a man."""
    is_woman = dice.chance(0.52)
    middle_chance, middles, given = _MIDDLES[is_woman]
    family = _FAMILY_NAMES[_FAMILY_CHANCE.index(dice)]
    if is_woman and family == "Tôn Thất":
        family = "Tôn Nữ"
    middle = middles[middle_chance.index(dice)]
    choice = dice.pick(given)
    if choice in middle.split():  # never "Thị Thu Thu"
        choice = given[(given.index(choice) + 1) % len(given)]
    return f"{family} {middle} {choice}"


def place_names(dice: Dice, count: int) -> list[str]:
    """`count` different place names; beyond the combinations there are, a number is added."""
    pairs = [f"{first} {second}" for first in _PLACE_FIRST for second in _PLACE_SECOND if first != second]
    shuffled = dice.shuffled(pairs)
    rounds = range(count // len(shuffled) + 1)
    return [name if not turn else f"{name} {turn + 1}" for turn in rounds for name in shuffled][:count]
