"""Pages that belong to signing in and to failing politely."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page a person sees when a form's protection has expired, with what to do next."""
    return render(request, "403_csrf.html", {"request_id": getattr(request, "request_id", "")}, status=403)
