"""What the pages are fetched through: units over which the person has a right, or 404."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from accounts.models import Unit
from accounts.problems import Refused
from accounts.rights import Right, units_with


def units_for(request: HttpRequest, right: Right) -> QuerySet[Unit]:
    """The units over which the person has `right`. Raises Http404 when there are none."""
    units = units_with(request.user, right)
    if not units.exists():
        raise Http404
    return units


def carried_out(request: HttpRequest, done: str, act: Callable[..., Any], /, **arguments: Any) -> bool:
    """Do `act` and say `done`, or say every reason why it was refused."""
    try:
        act(**arguments)
    except Refused as refused:
        for reason in refused.reasons:
            messages.error(request, str(reason))
        return False
    messages.success(request, done)
    return True


def page_of(request: HttpRequest, rows: Any, size: int = 50) -> tuple[Page, str]:
    """The page asked for, and the other parameters of the address, encoded."""
    query = request.GET.copy()
    query.pop("page", None)
    return Paginator(rows, size).get_page(request.GET.get("page")), query.urlencode()
