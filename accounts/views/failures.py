"""Pages that belong to signing in and to failing politely."""

from typing import NoReturn

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import ngettext

from accounts.problems import Problem, problem_response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page a person sees when a form's protection has expired, with what to do next."""
    return render(request, "403_csrf.html", {"request_id": getattr(request, "request_id", "")}, status=403)


def not_offered(request: HttpRequest) -> NoReturn:
    """In the place of a page of django-allauth that has no use here: 404."""
    raise Http404


def too_many_requests(request: HttpRequest, wait: int = 60) -> HttpResponse:
    """429 with when to come again: a page, or problem+json under /api/. `wait` is in seconds."""
    minutes = -(-wait // 60)
    detail = ngettext(
        "Đã thử sai quá nhiều lần. Vui lòng thử lại sau %(n)s phút.",
        "Đã thử sai quá nhiều lần. Vui lòng thử lại sau %(n)s phút.",
        minutes,
    ) % {"n": minutes}
    if request.path.startswith("/api/"):
        response = problem_response(request, Problem(429, "too_many_requests", detail))
    else:
        context = {"detail": detail, "request_id": getattr(request, "request_id", "")}
        response = render(request, "429.html", context, status=429)
    response["Retry-After"] = str(wait)
    return response
