"""Pages about personal data: the public notice, a person's own data and requests, and those who answer and erase."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit import record_audit
from accounts.clock import server_now
from accounts.models import Unit, User
from accounts.problems import Refused
from accounts.rights import Right, people_with, units_with
from accounts.text import search_key
from contest.manage.access import page_of, words_of
from contest.models import Contest
from privacy import services
from privacy.copies import copy_of, facts_of, parts_of
from privacy.models import DataRequest, RequestKind, RequestState
from privacy.register import ELSEWHERE, REGISTER
from privacy.retention import people_to_erase

PAGE_SIZE = 50


class RequestForm(forms.Form):
    """What a person asks for."""

    kind = forms.ChoiceField(label=gettext_lazy("Yêu cầu"), choices=RequestKind.choices, widget=forms.RadioSelect)
    text = forms.CharField(
        label=gettext_lazy("Nội dung"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("Ghi rõ dữ liệu nào và bạn muốn điều gì. Không gửi ảnh hoặc số giấy tờ tùy thân."),
    )


class AnswerForm(forms.Form):
    """What is answered."""

    state = forms.ChoiceField(
        label=gettext_lazy("Kết quả"),
        choices=[choice for choice in RequestState.choices if choice[0] != RequestState.OPEN],
        widget=forms.RadioSelect,
    )
    answer = forms.CharField(label=gettext_lazy("Trả lời"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))


class ReasonForm(forms.Form):
    """Why a person's data are erased, and that it is meant."""

    reason = forms.CharField(
        label=gettext_lazy("Lý do"),
        max_length=255,
        help_text=gettext_lazy("Ví dụ: Yêu cầu số 12 ngày 01/06/2026. Lý do được lưu trong nhật ký, không ghi họ tên."),
    )
    sure = forms.BooleanField(label=gettext_lazy("Tôi hiểu rằng việc này không thể hoàn tác."))


# --- Everybody, and one's own --------------------------------------------------------------------------


@require_safe
def notice(request: HttpRequest) -> HttpResponse:
    """What is held about people, why, how long, and what they may ask for."""
    contest = Contest.objects.public().select_related("unit").order_by("-id").first()
    held: dict = {}
    for table in REGISTER.values():
        if table.people:
            for column in table.personal.values():
                held.setdefault(column.use, {})[str(table.title)] = True
    return render(
        request,
        "privacy/notice.html",
        {
            "held": [(use, ", ".join(titles)) for use, titles in held.items()],
            "elsewhere": ELSEWHERE,
            "working_days": services.WORKING_DAYS,
            "contact": settings.PRIVACY_CONTACT,
            "body": contest.unit.name if contest else "",
        },
    )


@require_safe
@login_required
def my_data(request: HttpRequest) -> HttpResponse:
    """What the portal holds about the signed-in person, by table, and the way to the copy."""
    parts = [(part, part.count()) for part in parts_of(request.user)]
    held = [(part, number) for part, number in parts if number]
    return render(request, "privacy/my_data.html", {"facts": facts_of(request.user), "held": held})


@require_POST
@login_required
def my_copy(request: HttpRequest) -> StreamingHttpResponse:
    """The copy as a file. It leaves a trace, as every export does."""
    with transaction.atomic():
        record_audit(actor=request.user, verb="privacy.export", object=request.user)
    response = StreamingHttpResponse(copy_of(request.user), content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="du-lieu-cua-toi.json"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def requests(request: HttpRequest) -> HttpResponse:
    """The person's own requests, and a form for one more."""
    form = RequestForm(request.POST or None)
    if form.is_valid():
        try:
            filed = services.file_request(user=request.user, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, [str(reason) for reason in refused.reasons])
        else:
            messages.success(request, _("Đã gửi yêu cầu."))
            return redirect("privacy-request", filed.pk)
    page, query = page_of(request, DataRequest.objects.of(request.user), PAGE_SIZE)
    return render(
        request,
        "privacy/requests.html",
        {
            "form": form,
            "page": page,
            "query": query,
            "working_days": services.WORKING_DAYS,
        },
    )


@require_safe
@login_required
def request_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own request with its answer."""
    own = get_object_or_404(DataRequest.objects.of(request.user), pk=pk)
    return render(request, "privacy/request.html", {"asked": own})


# --- Those who answer ------------------------------------------------------------------------------------


def _units_for(request: HttpRequest, right: Right) -> QuerySet[Unit]:
    """The units over which the person has the right. Raises Http404 when there are none."""
    units = units_with(request.user, right)
    if not units.exists():
        raise Http404
    return units


def _requests_for(request: HttpRequest) -> QuerySet[DataRequest]:
    units = _units_for(request, Right.DECIDE_REQUESTS)
    return DataRequest.objects.about_people_of(units).select_related("user", "unit", "decided_by")


@require_safe
@login_required
def manage_requests(request: HttpRequest) -> HttpResponse:
    """Requests of people in scope: those that wait, the most urgent first, then the answered ones."""
    now = server_now()
    rows = _requests_for(request)
    state = request.GET.get("state", "")
    if state in RequestState.values:
        rows = rows.filter(state=state)
    rows = rows.order_by(F("decided_at").desc(nulls_first=True), "due_at", "pk")
    page, query = page_of(request, rows, PAGE_SIZE)
    for row in page:
        row.overdue = row.is_overdue(now)
    return render(
        request,
        "privacy/manage_requests.html",
        {
            "page": page,
            "query": query,
            "state": state,
            "states": RequestState.choices,
            "may_erase": units_with(request.user, Right.MANAGE_PEOPLE).exists(),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def manage_request(request: HttpRequest, pk: int) -> HttpResponse:
    """One request, and its answer."""
    asked = get_object_or_404(_requests_for(request), pk=pk)
    asked.overdue = asked.is_overdue(server_now())
    form = AnswerForm(request.POST or None)
    if form.is_valid():
        try:
            services.answer_request(request=asked, actor=request.user, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, [str(reason) for reason in refused.reasons])
        else:
            messages.success(request, _("Đã trả lời yêu cầu."))
            return redirect("manage-data-requests")
    may_erase = people_with(request.user, Right.MANAGE_PEOPLE).filter(pk=asked.user_id).exists()
    return render(request, "privacy/manage_request.html", {"asked": asked, "form": form, "may_erase": may_erase})


# --- Those who erase -------------------------------------------------------------------------------------


@require_safe
@login_required
def manage_people(request: HttpRequest) -> HttpResponse:
    """People whose time is over; or, with words, anybody in scope to erase on request."""
    units = _units_for(request, Right.MANAGE_PEOPLE)
    words = words_of(request)
    people: QuerySet[User]
    if words:
        key = search_key(words)
        people = people_with(request.user, Right.MANAGE_PEOPLE).filter(
            Q(search_key__contains=key) | Q(employee_id=words)
        )
        people = people.order_by("sort_key", "pk")
    else:
        people = people_to_erase(units).filter(pk__in=people_with(request.user, Right.MANAGE_PEOPLE).values("pk"))
    page, query = page_of(request, people, PAGE_SIZE)
    return render(
        request,
        "privacy/manage_people.html",
        {
            "page": page,
            "query": query,
            "q": words,
            "years": settings.PEOPLE_KEPT_YEARS,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    """What an erasure does to this person's data; a reason; then it is done."""
    _units_for(request, Right.MANAGE_PEOPLE)
    person = get_object_or_404(people_with(request.user, Right.MANAGE_PEOPLE), pk=pk)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            erased = services.erase_person(user=person, actor=request.user, reason=form.cleaned_data["reason"])
        except Refused as refused:
            form.add_error(None, [str(reason) for reason in refused.reasons])
        else:
            messages.success(request, _("Đã xóa dữ liệu. Bí danh: %(alias)s.") % {"alias": erased.employee_id})
            return redirect("manage-data-people")
    return render(
        request,
        "privacy/erase.html",
        {
            "person": person,
            "unit": services.unit_of(person),
            "form": form,
            "against": services.reasons_against_erasure(person, actor=request.user),
            "steps": services.effects_of_erasure(person),
        },
    )
