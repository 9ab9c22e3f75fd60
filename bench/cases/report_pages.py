"""Pages of reports over all units of a round, as the secretary gets them: the first time, and again."""

from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role, RoleGrant, Unit, User
from bench.crowd import empty, make_round
from bench.results import Result
from bench.timing import median_seconds, say, seconds
from contest import closing
from contest.models import Round
from contest.models.round import RoundState
from reports.dashboard import bounded
from reports.freezing import freeze_round_report

# (units, attempts): the most seconds for a page
SIZES: dict[tuple[int, int], float | None] = {(189, 20_058): 1.0, (11_000, 2_000_000): None}
QUICK: dict[tuple[int, int], float | None] = {(12, 240): 1.0, (50, 2_000): None}


def run(*, quick: bool) -> list[Result]:
    rows = []
    for (units, size), limit in (QUICK if quick else SIZES).items():
        say(f"{units:,} units, {size:,} attempts: making and closing them")
        empty()
        round = make_round(size, units=units)
        closing.close_round(round.pk)
        Round.objects.filter(pk=round.pk).update(state=RoundState.PUBLISHED)
        round = Round.objects.select_related("contest__unit").get(pk=round.pk)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        visitor = _secretary(round.contest.unit)
        freeze_round_report(round=round, unit=round.contest.unit, actor=None)
        for name, path in _pages(round).items():
            rows.append(_measured(visitor, f"{name}, {units:,} units {size:,}", path, limit, repeats=1 if quick else 3))
    return rows


def _pages(round: Round) -> dict[str, str]:
    return {
        "dashboard": f"{reverse('report-dashboard')}?round={round.pk}",
        "participation page": f"{reverse('report-participation')}?round={round.pk}",
        "weekly report page": reverse("report-weekly", args=[round.pk]),
        "units' reports page": f"{reverse('unit-reports')}?round={round.pk}",
    }


def _secretary(unit: Unit) -> Client:
    person = User.objects.order_by("pk").first()
    assert person
    RoleGrant.objects.create(user=person, role=Role.SECRETARY, unit=unit)
    visitor = Client(headers={"Host": "127.0.0.1"})
    visitor.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    return visitor


def _measured(visitor: Client, name: str, path: str, limit: float | None, *, repeats: int) -> Result:
    def get() -> None:
        answer = visitor.get(path, secure=True)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")

    def first() -> float:
        bounded.forget()
        return seconds(get)

    took: list[Any] = [first() for _ in range(repeats)]
    again = median_seconds(get, repeats=repeats)
    with CaptureQueriesContext(connection) as queries:
        get()
    note = f"again {again:.3g} s with {len(queries)} queries"
    goal = ("<=", limit) if limit else None
    return Result(name, sorted(took)[len(took) // 2], "s", goal=goal, note=note)
