"""The pages of the trace: who did what, for organisers and auditors; and for auditors, whether it is intact."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.audit.anchors import NoAnchor, take_anchor
from accounts.audit.checks import request_check
from accounts.audit.reading import Wanted, pages_of, part_of, readable_by
from accounts.audit.wording import GROUPS, changes_of, fault_in_words, sentence_of
from accounts.models import AuditCheck, AuditEntry, AuditSeal
from accounts.rights import HOLDERS, Right, roles_of

MOST_NUMBER = 2**63 - 1


class FilterForm(forms.Form):
    """What the reader looks for. A field that makes no sense is left out, with its error shown."""

    who = forms.CharField(label=gettext_lazy("Người thực hiện"), max_length=100, required=False)
    group = forms.ChoiceField(
        label=gettext_lazy("Loại việc"),
        required=False,
        choices=[("", gettext_lazy("Tất cả")), *((name, title) for name, (title, _verbs) in GROUPS.items())],
    )
    since = forms.DateField(
        label=gettext_lazy("Từ ngày"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=gettext_lazy("Đến ngày"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    object_type = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput)
    object_id = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput)
    request_id = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    after = forms.IntegerField(min_value=0, max_value=MOST_NUMBER, required=False, widget=forms.HiddenInput)
    before = forms.IntegerField(min_value=0, max_value=MOST_NUMBER, required=False, widget=forms.HiddenInput)


@require_safe
@login_required
def trace(request: HttpRequest) -> HttpResponse:
    """The entries within the reader's scope, the newest first, filtered."""
    may_verify = _roles_for(request, Right.READ_AUDIT) & HOLDERS[Right.VERIFY_AUDIT]
    form = FilterForm(request.GET or None)
    form.is_valid()
    values = {name: value for name, value in getattr(form, "cleaned_data", {}).items() if value not in (None, "")}
    place = {name: values.pop(name) for name in ("after", "before") if name in values}
    part = part_of(Wanted(**values).among(readable_by(request.user)), **place)
    pages = pages_of(part.entries)
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    return render(
        request,
        "manage/audit.html",
        {
            "form": form,
            "is_filtered": bool(values),
            "rows": [_row(entry, pages) for entry in part.entries],
            "part": part,
            "query": query.urlencode(),
            **(_state_of_chain() if may_verify else {}),
        },
    )


def _roles_for(request: HttpRequest, right: Right) -> set[str]:
    """The person's roles. Raises Http404 unless one of them gives the right."""
    roles = roles_of(request.user)
    if HOLDERS[right].isdisjoint(roles):
        raise Http404
    return roles


def _row(entry: AuditEntry, pages: dict[tuple[str, str], str]) -> dict[str, Any]:
    origin, _colon, name = entry.origin.partition(":")
    return {
        "entry": entry,
        "sentence": sentence_of(entry.verb),
        "changes": changes_of(entry),
        "page": pages.get((entry.object_type, entry.object_id), ""),
        "origin": origin,
        "origin_name": name,
        "seal": entry.link.seal_id if hasattr(entry, "link") else None,
    }


def _state_of_chain() -> dict[str, Any]:
    check = AuditCheck.objects.select_related("requested_by").order_by("-pk").first()
    return {
        "may_verify": True,
        "check": check,
        "fault": fault_in_words(check.fault) if check and check.fault else "",
        "last_seal": AuditSeal.objects.order_by("number").last(),
    }


@require_POST
@login_required
def verify(request: HttpRequest) -> HttpResponse:
    """Have the whole chain checked by a worker."""
    _roles_for(request, Right.VERIFY_AUDIT)
    request_check(actor=request.user)
    messages.success(request, _("Đã ghi nhận. Kết quả kiểm tra hiện ở đây sau ít phút."))
    return redirect("manage-audit")


@require_POST
@login_required
def anchor(request: HttpRequest) -> HttpResponse:
    """The head of the chain as a small file, to be kept outside of the portal."""
    _roles_for(request, Right.VERIFY_AUDIT)
    try:
        taken = take_anchor(actor=request.user)
    except NoAnchor:
        messages.error(request, _("Nhật ký chưa có niêm phong nào. Vui lòng thử lại sau ít phút."))
        return redirect("manage-audit")
    response = HttpResponse(taken.as_text(), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="moc-doi-chieu-{taken.seal}.json"'
    return response
