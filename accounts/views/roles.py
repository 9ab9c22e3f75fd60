"""The administrators' pages of roles: who holds which over which units, granting, revoking, the history of each."""

from datetime import date, datetime, time, timedelta

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.clock import ClockTimestamp
from accounts.models import AuditEntry, Role, RoleGrant, RoleGrantQuerySet, Unit, User
from accounts.problems import Refused
from accounts.rights import Right, units_with
from accounts.services import grant_role, revoke_role
from accounts.text import search_key

PAGE_SIZE = 50
DAYS = {"input_formats": ["%d/%m/%Y", "%Y-%m-%d"], "required": False}
STATES = {
    "": gettext_lazy("Đang hiệu lực"),
    "future": gettext_lazy("Sắp có hiệu lực"),
    "ended": gettext_lazy("Đã kết thúc"),
}
# Beyond this a list of suggestions is a burden to old machines; the unit's code is typed then.
MOST_SUGGESTIONS = 500


class GrantForm(forms.Form):
    """Who gets which role over which unit, and why. Units are those of the administrator's own scope."""

    employee_id = forms.CharField(label=gettext_lazy("Mã nhân viên"), max_length=64)
    role = forms.ChoiceField(label=gettext_lazy("Vai trò"), choices=Role.choices)
    unit_code = forms.CharField(
        label=gettext_lazy("Mã đơn vị (phạm vi)"),
        max_length=50,
        help_text=gettext_lazy("Vai trò có hiệu lực ở đơn vị này và mọi đơn vị trực thuộc. Đơn vị gốc: toàn tỉnh."),
        widget=forms.TextInput(attrs={"list": "units", "autocomplete": "off"}),
    )
    first_day = forms.DateField(
        label=gettext_lazy("Từ ngày"),
        widget=forms.TextInput(attrs={"placeholder": "01/06/2023", "autocomplete": "off"}),
        help_text=gettext_lazy("Để trống: có hiệu lực ngay."),
        **DAYS,
    )
    last_day = forms.DateField(
        label=gettext_lazy("Đến hết ngày"),
        widget=forms.TextInput(attrs={"placeholder": "31/12/2023", "autocomplete": "off"}),
        help_text=gettext_lazy("Để trống: đến khi được thu hồi."),
        **DAYS,
    )
    reason = forms.CharField(
        label=gettext_lazy("Lý do"),
        max_length=255,
        help_text=gettext_lazy("Ví dụ: Quyết định số 12/QĐ-BTC ngày 01/06/2023."),
    )

    def __init__(self, *args, scope: QuerySet[Unit], **kwargs):
        super().__init__(*args, **kwargs)
        self.scope = scope

    def clean_employee_id(self) -> User:
        user = User.objects.filter(employee_id=self.cleaned_data["employee_id"]).first()
        if user is None:
            raise forms.ValidationError(_("Không có ai mang mã nhân viên này."))
        return user

    def clean_unit_code(self) -> Unit:
        unit = self.scope.filter(code=self.cleaned_data["unit_code"]).first()
        if unit is None:
            raise forms.ValidationError(_("Không có đơn vị mang mã này trong phạm vi của bạn."))
        return unit

    def clean_first_day(self) -> date | None:
        day = self.cleaned_data["first_day"]
        if day and day < timezone.localdate():
            raise forms.ValidationError(_("Ngày này đã qua. Để trống để có hiệu lực ngay."))
        return day

    def period(self) -> dict[str, datetime | None]:
        """The moments from which and until which the role is to hold, days being those of the portal's time zone."""
        first, last = self.cleaned_data["first_day"], self.cleaned_data["last_day"]
        return {
            "valid_from": _start_of(first) if first else None,
            "valid_to": _start_of(last + timedelta(days=1)) if last and last < date.max else None,
        }


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def scope_of(request: HttpRequest) -> QuerySet[Unit]:
    """The units over which the person is an administrator. Raises Http404 for everybody else."""
    scope = units_with(request.user, Right.GRANT_ROLES)
    if not scope.exists():
        raise Http404
    return scope


def _grants_in(scope: QuerySet[Unit]) -> RoleGrantQuerySet:
    return RoleGrant.objects.filter(unit__in=scope).select_related("user", "unit", "granted_by")


def _in_state(grants: RoleGrantQuerySet, state: str) -> QuerySet[RoleGrant]:
    if state == "future":
        return grants.not_over().filter(valid_from__gt=ClockTimestamp())
    if state == "ended":
        return grants.filter(valid_to__lte=ClockTimestamp()).order_by("-valid_to")
    return grants.in_force()


@require_safe
@login_required
def roles(request: HttpRequest) -> HttpResponse:
    """Grants in the administrator's scope, by name: those in force, to come or ended; filtered by role and words."""
    state = request.GET.get("state", "")
    grants = _in_state(_grants_in(scope_of(request)).order_by("user__sort_key", "user_id", "role"), state)
    role, words = request.GET.get("role", ""), request.GET.get("q", "").replace("\0", "").strip()
    if role in Role.values:
        grants = grants.filter(role=role)
    if words:
        key = search_key(words)
        grants = grants.filter(Q(user__search_key__contains=key) | Q(unit__search_key__contains=key))
    page = Paginator(grants, PAGE_SIZE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    return render(
        request,
        "manage/roles.html",
        {
            "page": page,
            "query": query.urlencode(),
            "role": role,
            "q": words,
            "choices": Role.choices,
            "state": state,
            "states": STATES.items(),
        },
    )


@require_http_methods(["GET", "POST"])
@login_required
def grant(request: HttpRequest) -> HttpResponse:
    """Give a role."""
    scope = scope_of(request)
    form = GrantForm(request.POST or None, scope=scope)
    if form.is_valid():
        values = form.cleaned_data
        try:
            given = grant_role(
                user=values["employee_id"],
                role=values["role"],
                unit=values["unit_code"],
                reason=values["reason"],
                actor=request.user,
                **form.period(),
            )
        except Refused as refused:
            form.add_error(None, [str(reason) for reason in refused.reasons])
        else:
            messages.success(request, _("Đã cấp: %(grant)s.") % {"grant": given})
            return redirect("manage-roles")
    units = scope.order_by("code")[: MOST_SUGGESTIONS + 1]
    return render(
        request,
        "manage/role_grant.html",
        {
            "form": form,
            "units": units if len(units) <= MOST_SUGGESTIONS else [],
        },
    )


@require_safe
@login_required
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """One grant, what was done with it and by whom; also of one that has ended."""
    grants = _grants_in(scope_of(request))
    given = get_object_or_404(grants.annotate(server_time=ClockTimestamp()), pk=pk)
    is_over = given.valid_to is not None and given.valid_to <= max(given.server_time, given.valid_from)
    others = grants.filter(user=given.user).exclude(pk=pk).order_by("-valid_from")
    return render(
        request,
        "manage/role.html",
        {"grant": given, "is_over": is_over, "acts": _acts_on(given), "others": others[:PAGE_SIZE]},
    )


def _acts_on(given: RoleGrant) -> list[AuditEntry]:
    """What the trace tells of a grant, the latest first."""
    traced = AuditEntry.objects.filter(object_type=given._meta.label_lower, object_id=str(given.pk))
    return list(traced.select_related("actor").order_by("-id")[:PAGE_SIZE])


@require_http_methods(["GET", "POST"])
@login_required
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the reason, then end the grant."""
    given = get_object_or_404(_grants_in(scope_of(request)).not_over(), pk=pk)
    reasons: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            revoke_role(grant=given, reason=request.POST.get("reason", "")[:255], actor=request.user)
        except Refused as refused:
            reasons = refused.reasons
        else:
            messages.success(request, _("Đã thu hồi: %(grant)s.") % {"grant": given})
            return redirect("manage-roles")
    return render(request, "manage/role_revoke.html", {"grant": given, "reasons": reasons})
