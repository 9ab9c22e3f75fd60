"""What a person asks for: an account, as somebody whom only the provider knows; the right unit, as a participant."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.authentication import person_of
from accounts.models import Membership
from accounts.problems import Refused
from accounts.sso.identity import has_identity, remembered
from proposals.forms import AccountRequestForm, UnitCorrectionForm, suggestions, units_in_force
from proposals.models import AccountRequest, RequestState, UnitCorrection
from proposals.services.requests import request_account, request_unit_correction, withdraw_correction
from proposals.views.access import carried_out


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def account_request(request: HttpRequest) -> HttpResponse:
    """Signed in at the provider and not on the roster: what that means, the request, and how it stands."""
    identity = remembered(request)
    if identity is None or request.user.is_authenticated:
        return redirect("rounds" if request.user.is_authenticated else "account_login")
    asked = AccountRequest.objects.of_identity(issuer=identity.issuer, subject=identity.subject).first()
    may_ask = asked is None or asked.state == RequestState.DECLINED
    initial = {"employee_id": identity.employee_id, "full_name": identity.full_name}
    form = AccountRequestForm(request.POST or None, initial=initial)
    if request.method == "POST" and may_ask and form.is_valid():
        values = form.cleaned_data
        try:
            request_account(identity=identity, unit_text=form.data["unit"], **values)
        except Refused as refused:
            form.add_error(None, [str(reason) for reason in refused.reasons])
        else:
            messages.success(request, _("Đã gửi đề nghị."))
            return redirect("account-request")
    context = {
        "identity": identity,
        "asked": asked,
        "may_ask": may_ask,
        "form": form,
        "units": suggestions(units_in_force()) if may_ask else [],
    }
    # An account that was accepted and whose link was ended since has nothing to wait for either.
    context["is_ready"] = bool(
        asked and asked.state == RequestState.ACCEPTED and asked.user and has_identity(asked.user)
    )
    return render(request, "proposals/account_request.html", context, status=422 if form.errors else 200)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def unit_correction(request: HttpRequest) -> HttpResponse:
    """My unit, whether it is right, and how my request stands."""
    membership = Membership.objects.current().filter(user=person_of(request)).select_related("unit").first()
    latest = UnitCorrection.objects.filter(user=person_of(request)).select_related("from_unit", "to_unit").first()
    waiting = latest if latest and latest.is_open else None
    form = UnitCorrectionForm(request.POST or None)
    if request.method == "POST" and waiting is None and form.is_valid():
        try:
            request_unit_correction(user=request.user, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, [str(reason) for reason in refused.reasons])
        else:
            messages.success(request, _("Đã gửi đề nghị."))
            return redirect("unit-correction")
    context = {
        "unit": membership.unit if membership else None,
        "latest": latest,
        "waiting": waiting,
        "form": form,
        "units": [] if waiting else suggestions(units_in_force()),
    }
    return render(request, "proposals/unit_correction.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def unit_correction_withdraw(request: HttpRequest) -> HttpResponse:
    """Take one's open request back."""
    waiting = UnitCorrection.objects.open().filter(user=person_of(request)).first()
    if waiting is not None:
        carried_out(request, _("Đã rút đề nghị."), withdraw_correction, correction=waiting)
    return redirect("unit-correction")
