"""The portal's addresses, and some that fail as real ones might: quoting what was sent."""

import logging

from django.http import HttpRequest, HttpResponse
from django.urls import path

from accounts.models import User
from accounts.queue import prompt
from config.urls import *  # noqa: F403
from config.urls import urlpatterns as own

logger = logging.getLogger("django.utils")


def quote(request: HttpRequest) -> HttpResponse:
    name = request.GET["name"]
    try:
        raise KeyError(name)
    except KeyError as error:
        raise RuntimeError(f"no such person: {name}") from error


def twice(request: HttpRequest) -> HttpResponse:
    """What PostgreSQL says: DETAIL:  Key (email)=(…) already exists."""
    User.objects.create(employee_id="NV-2", email=request.GET["name"])
    return HttpResponse()


def number(request: HttpRequest) -> HttpResponse:
    """What PostgreSQL says: invalid input syntax for type bigint: "…"."""
    User.objects.extra(where=["id = %s"], params=[request.GET["name"]]).exists()
    return HttpResponse()


def foreign(request: HttpRequest) -> HttpResponse:
    """A library that logs what it was given, as text and as an argument."""
    logger.warning("looked up %s", request.GET["name"])
    logger.warning(f"looked up {request.GET['name']}")
    return HttpResponse()


def hand_over(request: HttpRequest) -> HttpResponse:
    prompt("tests.config.faulty_tasks.fail", request.GET["name"])
    return HttpResponse()


urlpatterns = [
    *own,
    *(path(f"faults/{view.__name__}/", view) for view in (quote, twice, number, foreign, hand_over)),
]
