"""Whether what is frozen is older than what it reports on: the one definition, for pages, lists and files.

A report is outdated when a newer version of it is frozen, or when the results it rests on are not what they were:
one of its rounds has a result now, was published, made final or ranked again, or the clips' result is public. A
dataset is never changed, so such a report stays as it is and says so.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Max
from django.utils.translation import gettext as _

from contest.models import Round
from contest.models.round import RoundState
from reports.collective.inputs import published_rounds
from reports.datasets.source import CLIPS, public_clips, rounds_with_result, source_of
from reports.models import CollectiveResult, RoundReport
from videos.models import ClipContest


@dataclass(frozen=True, slots=True)
class Outdated:
    """Why a report is outdated: what has `changes`d since, in sentences, and the number of the `newer` version."""

    changes: list[str]
    newer: int | None
    is_reranked: bool


def outdated(report: RoundReport) -> Outdated | None:
    """None for a report that says all there is. Three queries."""
    return outdated_among([report]).get(report.pk)


def outdated_among(reports: Iterable[RoundReport]) -> dict[int, Outdated]:
    """The outdated ones of them, by id. Three queries, however many; datasets are not read."""
    reports = list(reports)
    contest_ids = {report.contest_id for report in reports}
    rounds: dict[int, list[Round]] = defaultdict(list)
    for round in rounds_with_result(contest_ids):
        rounds[round.contest_id].append(round)
    clips, newest = public_clips(contest_ids), _newest(contest_ids)
    found = {}
    for report in reports:
        resting_on = [one for one in rounds[report.contest_id] if report.is_final or one.pk == report.round_id]
        now = source_of(resting_on, clips.get(report.contest_id) if report.is_final else None)
        number = newest[report.contest_id, report.round_id, report.unit_id]
        if now != report.source or number > report.number:
            found[report.pk] = Outdated(
                changes=list(_changes(report.source, now, {round.number: round.title for round in resting_on})),
                newer=number if number > report.number else None,
                is_reranked=_is_reranked(_parts(report.source), _parts(now)),
            )
    return found


def ranking_outdated(result: CollectiveResult) -> bool:
    """Whether a frozen ranking of units rests on other rounds, or other results of them, than are public now, or the
    clips that it counts were made public later. Two queries.
    """
    rounds = [(round.number, round.version, round.result_hash) for round in published_rounds(result.contest)]
    if rounds != [(one["number"], one["version"], one["result_hash"]) for one in result.rounds]:
        return True
    weights = result.rule["weights"]
    counts_clips = bool(weights.get("clip_duty") or weights.get("clip_score"))
    later = ClipContest.objects.filter(contest=result.contest_id, published_at__gt=result.made_at)
    return counts_clips and later.exists()


def _newest(contest_ids: Iterable[int]) -> dict[tuple[int, int | None, int], int]:
    rows = RoundReport.objects.filter(contest__in=contest_ids).order_by()
    found = rows.values_list("contest", "round", "unit").annotate(newest=Max("number"))
    return {(contest, round, unit): number for contest, round, unit, number in found}


# --- In words ---------------------------------------------------------------------------------------


def _parts(source: str) -> dict[str, tuple[str, ...]]:
    """By round's number, or CLIPS, what a source says of it."""
    return {name: tuple(rest) for name, *rest in (part.split(":") for part in source.split(",") if part)}


def _is_reranked(before: dict[str, tuple[str, ...]], now: dict[str, tuple[str, ...]]) -> bool:
    return any(name in now and now[name][-1] != one[-1] for name, one in before.items() if name != CLIPS)


def _changes(before: str, now: str, titles: dict[int, str]) -> Iterator[str]:
    old, new = _parts(before), _parts(now)
    for name, one in new.items():
        if name == CLIPS or old.get(name) == one:
            continue
        values = {"round": titles[int(name)]}
        if name not in old:
            yield _("%(round)s đã có kết quả.") % values
            continue
        if one[1] != old[name][1]:
            yield _("%(round)s đã được xếp hạng lại.") % values
        if one[0] != old[name][0] and one[0] == RoundState.PUBLISHED:
            yield _("Kết quả %(round)s đã được công bố.") % values
        if one[0] != old[name][0] and one[0] == RoundState.FINAL:
            yield _("Kết quả %(round)s đã thành chính thức.") % values
    if old.get(CLIPS) != new.get(CLIPS):
        yield _("Kết quả thi video đã được công bố.")
    if old.keys() - new.keys() - {CLIPS}:
        yield _("Có tuần thi không còn kết quả.")
