"""What every page shows around its content, and Vietnamese ways to write numbers and times."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts.rights import HOLDERS, Right
from contest.models import Contest

register = template.Library()

# Entries of the navigation that stand for every page below their address, except pages that are everybody's.
_ROOMS = ("manage-home", "reports", "requests", "judging", "my-clips")
_DOORS = ("/requests/account/", "/requests/unit/")


class NavItem(NamedTuple):
    label: str
    url: str
    current: bool


class Frame(NamedTuple):
    contest_title: str
    issuing_body: str
    nav: list[NavItem]


@register.simple_tag(takes_context=True)
def portal_frame(context: template.Context) -> Frame:
    """The header and footer of a page: the contest it is about (else the latest public one) and the navigation."""
    contest = context.get("contest")
    if not isinstance(contest, Contest):
        contest = Contest.objects.public().select_related("unit").order_by("-id").first()
    request = context.get("request")
    return Frame(
        contest_title=contest.title if contest else "",
        issuing_body=contest.unit.name if contest else "",
        nav=_navigation(context, contest, request.path if request else ""),
    )


def _navigation(context: template.Context, contest: Contest | None, path: str) -> list[NavItem]:
    user = context.get("user")
    signed_in = bool(user and user.is_authenticated)
    pages: list[tuple[str, list[str], str]] = [("home", [], _("Trang chủ"))]
    if contest and contest.is_public:
        pages.append(("rules", [contest.slug], _("Thể lệ")))
    pages.append(("clip-galleries", [], _("Video")))
    if signed_in:
        pages.append(("rounds", [], _("Tuần thi của tôi")))
        roles = set(context.get("roles") or ())
        if roles & HOLDERS[Right.PROPOSE]:
            pages.append(("requests", [], _("Việc của đơn vị")))
        if roles & HOLDERS[Right.HAND_IN_CLIPS]:
            pages.append(("my-clips", [], _("Video của đơn vị")))
        if roles & {"coordinator", "organiser", "secretary", "auditor"}:
            pages.append(("reports", [], _("Báo cáo")))
        if roles & HOLDERS[Right.SCORE_CLIPS]:
            pages.append(("judging", [], _("Chấm video")))
        if roles & {"organiser", "administrator", "auditor", "secretary"}:
            pages.append(("manage-home", [], _("Tổ chức thi")))
    items = []
    for name, arguments, label in pages:
        url = _reverse_or_none(name, arguments)
        if url:
            items.append(
                NavItem(label, url, path == url or (name in _ROOMS and path.startswith(url) and path not in _DOORS))
            )
    return items


def _reverse_or_none(name: str, arguments: list[Any]) -> str | None:
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return None


@register.filter
def number(value: int | float | Decimal | str | None, decimals: int | None = None) -> str:
    """1234.5 as "1.234,5" (in English "1,234.5"); `decimals` fixes the places. Empty for None."""
    if value is None or value == "":
        return ""
    amount = Decimal(str(value))
    text = f"{amount:,f}" if decimals is None else f"{amount:,.{decimals}f}"
    return text if get_language() == "en" else text.translate(str.maketrans(",.", ".,"))


@register.filter
def moment(value: datetime | None) -> str:
    """As "08:31, 05/06/2023", in Vietnam's time."""
    return f"{timezone.localtime(value):%H:%M, %d/%m/%Y}" if value else ""


@register.filter
def closing(value: datetime | None) -> str:
    """Like `moment`, but midnight is the end of the day before: "24:00, 11/06/2023"."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        return f"24:00, {local - timedelta(days=1):%d/%m/%Y}"
    return f"{local:%H:%M, %d/%m/%Y}"


@register.filter
def to_second(value: datetime | None) -> str:
    """As "08:31:05, 05/06/2023", in Vietnam's time."""
    return f"{timezone.localtime(value):%H:%M:%S, %d/%m/%Y}" if value else ""


@register.filter
def to_microsecond(value: datetime | None) -> str:
    """As "08:31:05,123456 ngày 05/06/2023": submission times decide prizes below the second."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    mark = "." if get_language() == "en" else ","
    day = _("ngày %(day)s") % {"day": f"{local:%d/%m/%Y}"}
    day = day.replace(" ", "\xa0")  # may go to the next line, but as a whole
    return f"{local:%H:%M:%S}{mark}{local:%f} {day}"


@register.filter
def span(seconds: float | timedelta | None) -> str:
    """1830 as "30 phút 30 giây"."""
    if seconds is None:
        return ""
    whole = int(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)
    days, hours, minutes, rest = whole // 86400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    parts = [
        ngettext("%(n)s ngày", "%(n)s ngày", days) % {"n": days} if days else "",
        ngettext("%(n)s giờ", "%(n)s giờ", hours) % {"n": hours} if hours else "",
        ngettext("%(n)s phút", "%(n)s phút", minutes) % {"n": minutes} if minutes else "",
        ngettext("%(n)s giây", "%(n)s giây", rest) % {"n": rest} if rest or not whole else "",
    ]
    return " ".join(filter(None, parts))
