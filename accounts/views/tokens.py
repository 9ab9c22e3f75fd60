"""Pages of API tokens: one's own, and for administrators those of the people in their scope."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.authentication import person_of
from accounts.clock import ClockTimestamp
from accounts.models import ApiToken
from accounts.problems import Refused
from accounts.rights import Right, has, people_with
from accounts.text import search_key
from accounts.tokens import MOST_DAYS, create_token, revoke_token

PAGE_SIZE = 50


class TokenForm(forms.Form):
    """What the token is for, and how long it is to work."""

    label = forms.CharField(
        label=gettext_lazy("Tên gợi nhớ"),
        max_length=100,
        help_text=gettext_lazy("Ví dụ tên phần mềm sẽ dùng mã."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    days = forms.IntegerField(
        label=gettext_lazy("Thời hạn (ngày)"),
        min_value=1,
        max_value=MOST_DAYS,
        initial=30,
        help_text=format_lazy(gettext_lazy("Từ 1 đến {days} ngày."), days=MOST_DAYS),
    )


def _listed(tokens: QuerySet[ApiToken]) -> QuerySet[ApiToken]:
    """The latest first, each with the server's time; never with what it is checked against."""
    return tokens.defer("digest").annotate(server_time=ClockTimestamp()).order_by("-created_at", "-pk")


@never_cache  # the new token's text is shown on this page, once
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def my_tokens(request: HttpRequest) -> HttpResponse:
    """My tokens, and a form for one more. The text of a new one is in the answer to the form and nowhere else."""
    form, text = TokenForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            _token, text = create_token(user=person_of(request), **form.cleaned_data)
            form = TokenForm()
        except Refused as refused:
            form.add_error(None, [str(reason) for reason in refused.reasons])
    tokens = _listed(ApiToken.objects.filter(user=person_of(request)))[:PAGE_SIZE]
    return render(request, "account/tokens.html", {"form": form, "text": text, "tokens": tokens})


@require_POST
@login_required
def revoke_mine(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.select_related("user"), user=person_of(request), pk=pk)
    _revoke(request, token)
    return redirect("api-tokens")


@never_cache
@require_safe
@login_required
def tokens(request: HttpRequest) -> HttpResponse:
    """The tokens that work, of people in the administrator's scope; found by words of name or employee id."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:200]
    found = _of_people_in_scope(request).usable()
    if words:
        found = found.filter(user__search_key__contains=search_key(words))
    page = Paginator(_listed(found), PAGE_SIZE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    return render(request, "manage/tokens.html", {"page": page, "query": query.urlencode(), "q": words})


@require_POST
@login_required
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    _revoke(request, get_object_or_404(_of_people_in_scope(request), pk=pk))
    return redirect("manage-tokens")


def _of_people_in_scope(request: HttpRequest):
    """Raises Http404 for those who manage nobody."""
    if not has(request.user, Right.MANAGE_PEOPLE):
        raise Http404
    return ApiToken.objects.filter(user__in=people_with(request.user, Right.MANAGE_PEOPLE)).select_related("user")


def _revoke(request: HttpRequest, token: ApiToken) -> None:
    if revoke_token(token=token, actor=person_of(request)):
        messages.success(request, _("Đã thu hồi mã. Phần mềm dùng mã này không truy cập được nữa."))
    else:
        messages.warning(request, _("Mã này đã được thu hồi trước đó."))
