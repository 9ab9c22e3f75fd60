"""People who may take part in a contest and are never ranked."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from contest.manage.access import carried_out, contest_for, page_of
from contest.manage.forms import ExcludeForm
from contest.services.setup import exclude_people, readmit_person

PAGE_SIZE = 100


@require_http_methods(["GET", "POST"])
@login_required
def ineligible(request: HttpRequest, pk: int) -> HttpResponse:
    """The list, and a form that takes employee ids."""
    contest = contest_for(request, pk)
    form = ExcludeForm(request.POST or None)
    if form.is_valid():
        done = _("Đã ghi vào danh sách không xét giải.")
        if carried_out(request, done, exclude_people, contest=contest, **form.cleaned_data):
            return redirect("manage-ineligible", pk)
    people = contest.ineligibilities.select_related("user").order_by("user__sort_key", "pk")
    page, query = page_of(request, people, PAGE_SIZE)
    return render(
        request,
        "manage/ineligible.html",
        {
            "contest": contest,
            "page": page,
            "query": query,
            "form": form,
            "tab": "ineligible",
        },
    )


@require_POST
@login_required
def readmit(request: HttpRequest, pk: int, ineligibility_pk: int) -> HttpResponse:
    """Take a person off the list."""
    contest = contest_for(request, pk)
    listed = get_object_or_404(contest.ineligibilities.select_related("user", "contest"), pk=ineligibility_pk)
    carried_out(request, _("Đã bỏ khỏi danh sách không xét giải."), readmit_person, ineligibility=listed)
    return redirect("manage-ineligible", pk)
