"""Keeping a report's dataset: computed in one snapshot, stored whole or not at all, and never changed.

Figures that are the same make no new report. Two that freeze at once wait for each other at the contest's row; should
they not, the unique constraint on the number lets one of them through.
"""

import hashlib
import logging
from typing import Any

from django.db import connection, transaction
from django.db.models import OuterRef, Subquery
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.models import Unit, User
from accounts.problems import Refused
from contest.models import Contest, Round
from contest.models.round import RESULT_STATES, RoundState
from contest.record_format import canonical
from reports.datasets.final import final_dataset
from reports.datasets.snapshot import one_snapshot
from reports.datasets.source import public_clips, rounds_with_result, source_in, source_of
from reports.datasets.weekly import weekly_dataset
from reports.models import RoundReport

logger = logging.getLogger(__name__)

TRIES = 3
_SWEEP_LOCK = 0x5245504F  # "REPO": the class of the advisory locks of sweeps, with the contest's id


# --- Freezing ---------------------------------------------------------------------------------------


def freeze_round_report(*, round: Round, unit: Unit, actor: User | None) -> RoundReport:
    """The report of the round over `unit` with the figures of now: a new number only if they differ from the latest.

    Raises Refused when the round has no result, or `unit` has no part in it. Rights are the caller's to check.
    """
    return _freeze(contest=round.contest, round=round, unit=unit, actor=actor)


def freeze_final_report(*, contest: Contest, unit: Unit, actor: User | None) -> RoundReport:
    """The report over the contest's rounds that have a result, with the figures of now. Raises Refused."""
    return _freeze(contest=contest, round=None, unit=unit, actor=actor)


def _freeze(*, contest: Contest, round: Round | None, unit: Unit, actor: User | None) -> RoundReport:
    for _try in range(TRIES):
        dataset = weekly_dataset(round, unit) if round else final_dataset(contest, unit)
        report = _store(dataset, contest=contest, round=round, unit=unit, actor=actor)
        if report is not None:
            return report
    raise Refused(_("Kết quả đang được cập nhật. Vui lòng thử lại."))


def _store(
    dataset: dict[str, Any], *, contest: Contest, round: Round | None, unit: Unit, actor: User | None
) -> RoundReport | None:
    """The dataset as a report, or the latest one when it says the same; None when results have changed meanwhile."""
    as_of = parse_datetime(dataset["as_of"])
    assert as_of
    fields = {"contest": contest, "round": round, "unit": unit}
    with transaction.atomic():
        # Not the round's row, which every start of an attempt shares.
        Contest.objects.select_for_update(no_key=True).get(pk=contest.pk)
        source = source_in(dataset)
        if source != _source_now(contest, round):
            return None
        latest = RoundReport.objects.filter(**fields).latest_first().first()
        if latest and (latest.digest == digest_of(dataset) or latest.as_of >= as_of):
            return latest
        report = RoundReport.objects.create(
            **fields,
            number=latest.number + 1 if latest else 1,
            as_of=as_of,
            definitions=dataset["definitions"],
            source=source,
            dataset=dataset,
            digest=digest_of(dataset),
            made_by=actor,
        )
        after = {"number": report.number, "digest": report.digest, "source": source}
        record_audit(actor=actor, verb="report.freeze", object=report, after=after)
    return report


def digest_of(dataset: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON of all but the time: the same figures have the same digest whenever read."""
    figures = {name: value for name, value in dataset.items() if name != "as_of"}
    return hashlib.sha256(canonical(figures)).hexdigest()


def _source_now(contest: Contest, round: Round | None) -> str:
    if round is not None:
        return source_of(Round.objects.filter(pk=round.pk))  # read anew
    return source_of(rounds_with_result([contest.pk]), public_clips([contest.pk]).get(contest.pk))


# --- Sweeping ---------------------------------------------------------------------------------------


def freeze_due_reports() -> int:
    """Freeze what has become due: each result once ranked, published and made final, and each contest once over, again
    when its clips' result becomes public.

    Reports are over the contest's own unit; a department's are made when it asks. Returns how many were due. Who
    finds another sweep at a contest leaves it to that one.
    """
    due = [*_due_rounds(), *_due_contests()]
    for contest, round in due:
        try:
            _freeze_unless_busy(contest, round)
        except Refused as refused:
            logger.info("no report of contest %s: %s", contest.pk, refused)
        except Exception:
            logger.exception("report of contest %s, round %s failed", contest.pk, round and round.pk)
    return len(due)


def _due_rounds() -> list[tuple[Contest, Round | None]]:
    reports = RoundReport.objects.filter(round=OuterRef("pk"), unit=OuterRef("contest__unit")).latest_first()
    rounds = Round.objects.counted().filter(state__in=RESULT_STATES).select_related("contest__unit")
    found = rounds.annotate(frozen_source=Subquery(reports.values("source")[:1])).order_by("contest", "number")
    return [(round.contest, round) for round in found if round.frozen_source != source_of([round])]


def _due_contests() -> list[tuple[Contest, Round | None]]:
    """Contests all of whose rounds are final, and whose final report is missing or rests on other results."""
    running = Round.objects.counted().exclude(state=RoundState.FINAL)
    reports = RoundReport.objects.final().filter(contest=OuterRef("pk"), unit=OuterRef("unit")).latest_first()
    over = (
        Contest.objects.filter(rounds__state=RoundState.FINAL)
        .exclude(rounds__in=running)
        .select_related("unit")
        .annotate(frozen_source=Subquery(reports.values("source")[:1]))
        .distinct()
    )
    return [(contest, None) for contest in over if contest.frozen_source != _source_now(contest, None)]


def _freeze_unless_busy(contest: Contest, round: Round | None) -> None:
    with one_snapshot():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_SWEEP_LOCK, contest.pk])
            (free,) = cursor.fetchone()
        if not free:
            return
        dataset = weekly_dataset(round, contest.unit) if round else final_dataset(contest, contest.unit)
    _store(dataset, contest=contest, round=round, unit=contest.unit, actor=None)
