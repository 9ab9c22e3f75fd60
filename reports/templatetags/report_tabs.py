"""The pages of the reports as tabs, and on phones as a menu: they are too many for one line."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils.translation import gettext as _

register = template.Library()


@dataclass(frozen=True, slots=True)
class Tab:
    url: str
    label: str
    current: bool


@register.simple_tag(takes_context=True)
def report_tabs(context: Context, here: str) -> list[Tab]:
    """The tabs of what the page is about: its `round`, else its `contest`. `here` names the page.

    `sees_names` and `sees_ranking` of the context tell what the reader may open.
    """
    round, contest = context.get("round"), context.get("contest")
    query = f"?round={round.pk}" if round else ""
    contest_pk = round.contest_id if round else contest.pk if contest else None

    def tab(name: str, label: str, page: str, *args: Any, query: str = "") -> Tab:
        return Tab(reverse(page, args=args) + query, label, here == name)

    tabs = [
        tab("dashboard", _("Bảng điều hành"), "report-dashboard", query=query),
        tab("participation", _("Kết quả tham gia"), "report-participation", query=query),
    ]
    if round:
        tabs.append(tab("report", _("Báo cáo tuần"), "report-weekly", round.pk))
    if contest_pk:
        # Of a page about one round this is another page, else it is the report at hand.
        tabs.append(tab("" if round else "report", _("Báo cáo tổng kết"), "report-final", contest_pk))
    if context.get("sees_names"):
        tabs.append(tab("nonparticipants", _("Người chưa tham gia"), "report-nonparticipants", query=query))
        tabs.append(tab("zero-papers", _("Bài 0 điểm"), "report-zero-papers"))
    tabs.append(tab("unit-reports", _("Báo cáo của đơn vị"), "unit-reports"))
    if context.get("sees_ranking") and contest_pk:
        tabs.append(tab("collective", _("Xếp hạng tập thể"), "report-collective", contest_pk))
    tabs.append(tab("exports", _("Tệp báo cáo"), "report-exports", query=query))
    return tabs
