"""What coordinators are asked about: requests of people in, or coming into, units of theirs."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.rights import Right
from proposals.forms import RecommendForm
from proposals.models import AccountRequest, UnitCorrection
from proposals.services.requests import recommend
from proposals.views.access import carried_out, units_for


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest, pk: int) -> HttpResponse:
    """A request for an account in a unit of the coordinator's."""
    units = units_for(request, Right.PROPOSE)
    asked = AccountRequest.objects.filter(unit__in=units).select_related("unit", "recommended_by")
    return _page(request, get_object_or_404(asked, pk=pk), "proposals/recommend_account.html")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def correction(request: HttpRequest, pk: int) -> HttpResponse:
    """A request to be moved from or to a unit of the coordinator's."""
    asked = UnitCorrection.objects.touching(units_for(request, Right.PROPOSE))
    asked = asked.select_related("user", "from_unit", "to_unit", "recommended_by")
    return _page(request, get_object_or_404(asked, pk=pk), "proposals/recommend_correction.html")


def _page(request: HttpRequest, asked: Any, template: str) -> HttpResponse:
    form = RecommendForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = _("Đã gửi ý kiến tới Ban Tổ chức.")
        if carried_out(request, done, recommend, request=asked, actor=request.user, **form.cleaned_data):
            return redirect("requests")
    status = 422 if request.method == "POST" else 200
    return render(request, template, {"asked": asked, "form": form}, status=status)
