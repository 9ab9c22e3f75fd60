"""A text with which coordinators remind colleagues in a chat group. It names nobody unless that is asked for."""

from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contest.models import Round
from contest.templatetags.portal import number
from reports.documents import local_text

# A longer list is for a file, not for a chat group.
MOST_NAMES = 100


def reminder_of(round: Round, *, missing: int, unit_name: str = "", names: Sequence[str] = ()) -> str:
    """The reminder for the people of `unit_name` (empty: of several units), of whom `missing` have no entry yet."""
    values = {
        "round": round.title,
        "contest": round.contest.title,
        "closes": local_text(round.closes_at),
        "number": number(missing),
        "unit": unit_name or _("các đơn vị"),
        "link": settings.PUBLIC_URL + reverse("round-start", args=[round.pk]),
    }
    lines = [
        _("Kính gửi các anh/chị,") % values,
        _("%(round)s của %(contest)s sẽ đóng lúc %(closes)s.") % values,
        ngettext(
            "Hiện %(unit)s còn %(number)s người chưa có bài thi. Anh/chị nào chưa thi xin vào thi tại: %(link)s",
            "Hiện %(unit)s còn %(number)s người chưa có bài thi. Anh/chị nào chưa thi xin vào thi tại: %(link)s",
            missing,
        )
        % values,
    ]
    if names:
        lines += [_("Danh sách chưa có bài thi:"), *(f"- {name}" for name in names[:MOST_NAMES])]
        if missing > len(names[:MOST_NAMES]):
            lines.append(_("- … và %(number)s người nữa") % {"number": number(missing - len(names[:MOST_NAMES]))})
    lines.append(_("Anh/chị đã thi xin bỏ qua tin này. Trân trọng cảm ơn!"))
    return "\n".join(lines)
