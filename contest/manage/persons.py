"""The administrators' pages of people: finding one, shutting them out, and helping who lost a second factor."""

from collections.abc import Callable
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef, Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Membership, RoleGrant
from accounts.rights import Right, has, people_with
from accounts.second_factor import has_totp, reset_second_factor
from accounts.sessions import end_all_sessions, live_sessions
from accounts.sso.identity import unlink_identity
from accounts.text import search_key
from contest.manage.access import carried_out, page_of, require, words_of
from contest.services.people import deactivate_user, reactivate_user

PAGE_SIZE = 50
# What an administrator does to a person, always with a reason: the service, and what is said when it is done.
ACTS: dict[str, tuple[Callable[..., Any], Any]] = {
    "deactivate": (deactivate_user, gettext_lazy("Đã khóa tài khoản và kết thúc mọi phiên làm việc.")),
    "reactivate": (reactivate_user, gettext_lazy("Đã mở lại tài khoản.")),
    "end-sessions": (end_all_sessions, gettext_lazy("Đã đăng xuất người này khỏi mọi thiết bị.")),
    "unlink": (unlink_identity, gettext_lazy("Đã gỡ liên kết với tài khoản của cơ quan.")),
    "reset-second-factor": (reset_second_factor, gettext_lazy("Đã xóa xác thực hai lớp của người này.")),
}


@require_safe
@login_required
def people(request: HttpRequest) -> HttpResponse:
    """People in the administrator's scope by name, found by words of name or employee id; or only those shut out."""
    require(request, Right.MANAGE_PEOPLE)
    words, state = words_of(request), request.GET.get("state", "")
    memberships = Prefetch("memberships", Membership.objects.current().select_related("unit"), to_attr="current")
    listed = people_with(request.user, Right.MANAGE_PEOPLE).prefetch_related(memberships)
    if words.strip():
        listed = listed.filter(search_key__contains=search_key(words))
    if state in ("inactive", "roles"):
        grants = RoleGrant.objects.in_force().filter(user_id=OuterRef("pk"))
        listed = listed.filter(is_active=False) if state == "inactive" else listed.filter(Exists(grants))
    page, query = page_of(request, listed.order_by("sort_key", "pk"), PAGE_SIZE)
    return render(request, "manage/people.html", {"page": page, "query": query, "q": words, "state": state})


@require_safe
@login_required
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: who they are, how they sign in, and what can be done about it."""
    shown = get_object_or_404(people_with(request.user, Right.MANAGE_PEOPLE), pk=pk)
    return render(
        request,
        "manage/person.html",
        {
            "person": shown,
            "membership": Membership.objects.current().filter(user=shown).select_related("unit").first(),
            "grants": RoleGrant.objects.in_force().filter(user=shown).select_related("unit").order_by("role", "pk"),
            "links": SocialAccount.objects.filter(user=shown).order_by("pk"),
            "enrolled": has_totp(shown),
            "sessions": live_sessions(shown).count(),
            "is_self": shown.pk == request.user.pk,
            "may_grant": has(request.user, Right.GRANT_ROLES),
        },
    )


@require_POST
@login_required
def act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do one of ACTS to a person, with the reason given."""
    shown = get_object_or_404(people_with(request.user, Right.MANAGE_PEOPLE), pk=pk)
    service, done = ACTS[act]
    carried_out(request, str(done), service, user=shown, reason=request.POST.get("reason", "").replace("\0", "")[:255])
    return redirect("manage-person", pk)
