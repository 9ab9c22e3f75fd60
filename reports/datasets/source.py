"""Which results a report rests on, so that one can see whether it is out of date (`reports/outdated.py`)."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Max, QuerySet

from contest.models import Round
from contest.models.round import RESULT_STATES
from videos.models import PanelResult

CLIPS = "clips"


def rounds_with_result(contest_ids: Collection[int]) -> QuerySet[Round]:
    """The rounds that a report over one of these contests rests on, by number."""
    return Round.objects.counted().filter(contest__in=contest_ids, state__in=RESULT_STATES).order_by("number")


def source_of(rounds: Iterable[Round], clips: int | None = None) -> str:
    """number:state:version of each round, then "clips" with the version of the public result of the clips."""
    return _joined(((round.number, round.state, round.version) for round in rounds), clips)


def source_in(dataset: dict[str, Any]) -> str:
    """The same of the results that a dataset tells of."""
    rounds = [dataset["round"]] if dataset["kind"] == "weekly" else dataset["rounds"]
    named = ((round["number"], round["state"], round["version"]) for round in rounds)
    return _joined(named, dataset["clips"]["version"] if dataset.get("clips") else None)


def _joined(rounds: Iterable[tuple[int, str, int]], clips: int | None) -> str:
    return ",".join([*(f"{number}:{state}:{version}" for number, state, version in rounds), *_of_clips(clips)])


def _of_clips(version: int | None) -> list[str]:
    return [] if version is None else [f"{CLIPS}:{version}"]


def public_clips(contest_ids: Collection[int]) -> dict[int, int]:
    """By contest the version of the clips' result that is public. One query."""
    public = PanelResult.objects.filter(clip_contest__contest__in=contest_ids, clip_contest__published_at__isnull=False)
    found = public.order_by().values("clip_contest__contest").annotate(latest=Max("version"))
    return {row["clip_contest__contest"]: row["latest"] for row in found}
