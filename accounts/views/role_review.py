"""Access review: every grant in force or to come, what speaks against it, and who last found it still needed."""

import csv
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, ExtractDay
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.audit import record_audit
from accounts.clock import ClockTimestamp
from accounts.models import Membership, RoleGrant, RoleReview, Unit
from accounts.services import review_grants
from accounts.views.roles import scope_of

PAGE_SIZE = 100
IDLE_DAYS = 45  # accounts of such offices are to be disabled after as many days without a sign-in
REVIEW_DAYS = 90
UNSAFE_STARTS = ("=", "+", "-", "@", "\t", "\r")


def grants_to_review(scope: QuerySet[Unit]) -> QuerySet[Any]:
    """Grants in force or to come, with `idle_days`, `is_member`, and the last review's time and reviewer."""
    member = Membership.objects.current().filter(user=OuterRef("user"))
    latest = RoleReview.objects.filter(grant=OuterRef("pk")).order_by("-at", "-id")
    seen = Coalesce("user__last_login", "valid_from")
    grants = RoleGrant.objects.not_over().filter(unit__in=scope).select_related("user", "unit", "granted_by")
    return grants.annotate(
        is_member=Exists(member),
        idle_days=ExtractDay(ClockTimestamp() - seen),
        reviewed_at=Subquery(latest.values("at")[:1]),
        reviewer=Subquery(latest.values("reviewer__full_name")[:1]),
        review_age=ExtractDay(ClockTimestamp() - Coalesce(F("reviewed_at"), F("valid_from"))),
    ).order_by("user__sort_key", "user_id", "role", "pk")


def doubtful(grants: QuerySet[Any]) -> QuerySet[Any]:
    """Those that something speaks against."""
    return grants.filter(
        Q(user__is_active=False) | Q(is_member=False) | Q(idle_days__gte=IDLE_DAYS) | Q(review_age__gte=REVIEW_DAYS)
    )


def doubts_about(grant: Any) -> list[str]:
    """What speaks against a grant, in words."""
    doubts = []
    if not grant.user.is_active:
        doubts.append(_("Tài khoản đã khóa"))
    if not grant.is_member:
        doubts.append(_("Không còn thuộc đơn vị nào"))
    if grant.idle_days >= IDLE_DAYS:
        doubts.append(_("%(days)s ngày chưa đăng nhập") % {"days": grant.idle_days})
    if grant.review_age >= REVIEW_DAYS:
        doubts.append(_("%(days)s ngày chưa rà soát") % {"days": grant.review_age})
    return doubts


@never_cache
@require_safe
@login_required
def review(request: HttpRequest) -> HttpResponse:
    """The list; `?all=1` with those that nothing speaks against, `?format=csv` as a file."""
    grants = grants_to_review(scope_of(request))
    if request.GET.get("format") == "csv":
        return _as_csv(request, grants)
    shows_all = request.GET.get("all") == "1"
    page = Paginator(grants if shows_all else doubtful(grants), PAGE_SIZE).get_page(request.GET.get("page"))
    for grant in page:
        grant.doubts = doubts_about(grant)
    context = {"page": page, "shows_all": shows_all, "query": "all=1" if shows_all else ""}
    return render(request, "manage/role_review.html", context)


@require_POST
@login_required
def keep(request: HttpRequest) -> HttpResponse:
    """Note that the ticked grants are still needed."""
    scope_of(request)
    ticked = [int(text) for text in request.POST.getlist("grant")[:PAGE_SIZE] if text.isdecimal() and len(text) < 19]
    number = review_grants(grants=ticked, actor=request.user)
    if number:
        text = ngettext("Đã rà soát %(n)s vai trò.", "Đã rà soát %(n)s vai trò.", number) % {"n": number}
        messages.success(request, text)
    else:
        messages.warning(request, _("Chưa chọn vai trò nào của người khác trong phạm vi của bạn."))
    return redirect("manage-role-review")


def _as_csv(request: HttpRequest, grants: QuerySet[Any]) -> HttpResponse:
    """All of the list, as spreadsheets here open it: BOM, semicolons."""
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="ra-soat-vai-tro.csv"'
    writer = csv.writer(response, delimiter=";")
    writer.writerow(
        [
            _("Mã nhân viên"), _("Họ và tên"), _("Vai trò"), _("Phạm vi"), _("Từ"), _("Đến"), _("Đăng nhập lần cuối"),
            _("Rà soát lần cuối"), _("Người rà soát"), _("Điểm cần xem"),
        ]
    )  # fmt: skip
    with transaction.atomic():
        rows = list(grants)
        record_audit(actor=request.user, verb="role.export", object=request.user, after={"rows": len(rows)})
    for grant in rows:
        moments = (grant.valid_from, grant.valid_to, grant.user.last_login, grant.reviewed_at)
        first, last, seen, reviewed = (f"{timezone.localtime(at):%d/%m/%Y}" if at else "" for at in moments)
        cells = [
            grant.user.employee_id, grant.user.full_name, grant.get_role_display(), grant.unit.name, first, last, seen,
            reviewed, grant.reviewer or "", "; ".join(doubts_about(grant)),
        ]  # fmt: skip
        writer.writerow([_as_text(cell) for cell in cells])
    return response


def _as_text(cell: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = str(cell)
    return f"'{text}" if text.startswith(UNSAFE_STARTS) else text
