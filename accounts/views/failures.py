"""Pages that belong to signing in and to failing politely."""

from typing import NoReturn

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page a person sees when a form's protection has expired, with what to do next."""
    return render(request, "403_csrf.html", {"request_id": getattr(request, "request_id", "")}, status=403)


def not_offered(request: HttpRequest) -> NoReturn:
    """In the place of a page of django-allauth that has no use here: 404."""
    raise Http404
