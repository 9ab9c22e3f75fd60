"""A short way for calls that carry an attempt key."""

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import translation

ATTEMPTS = "/api/v1/attempts/"


class AttemptKeyMiddleware:
    """Answer calls with an attempt key here, before sessions, cookies and messages are looked at.

    They know no other credential, so nothing behind this middleware concerns them; and in the last hour of a
    round they are nearly all the calls there are.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "HTTP_ATTEMPT_KEY" not in request.META or not request.path_info.startswith(ATTEMPTS):
            return self.get_response(request)
        try:
            match = request.resolver_match = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        with translation.override(translation.get_language_from_request(request)):
            response = match.func(request, *match.args, **match.kwargs)
        response["Content-Length"] = str(len(response.content))
        return response
