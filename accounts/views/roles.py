"""The administrators' pages of roles: who holds which role over which units, granting and revoking."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Role, RoleGrant, Unit, User
from accounts.problems import Refused
from accounts.rights import Right, units_with
from accounts.services import grant_role, revoke_role
from accounts.text import search_key

PAGE_SIZE = 50
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


def _scope_of(request: HttpRequest) -> QuerySet[Unit]:
    """The units over which the person is an administrator. Raises Http404 for everybody else."""
    scope = units_with(request.user, Right.GRANT_ROLES)
    if not scope.exists():
        raise Http404
    return scope


def _grants_in(scope: QuerySet[Unit]) -> QuerySet[RoleGrant]:
    return RoleGrant.objects.in_force().filter(unit__in=scope).select_related("user", "unit", "granted_by")


@require_safe
@login_required
def roles(request: HttpRequest) -> HttpResponse:
    """All grants in force within the administrator's scope, by name; filtered by role and words."""
    scope = _scope_of(request)
    grants = _grants_in(scope).order_by("user__sort_key", "user_id", "role")
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
        },
    )


@require_http_methods(["GET", "POST"])
@login_required
def grant(request: HttpRequest) -> HttpResponse:
    """Give a role."""
    scope = _scope_of(request)
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


@require_http_methods(["GET", "POST"])
@login_required
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the reason, then end the grant."""
    given = get_object_or_404(_grants_in(_scope_of(request)), pk=pk)
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
