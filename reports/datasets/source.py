"""Which results a report rests on, so that one can see whether it is out of date."""

from collections.abc import Iterable
from typing import Any

from contest.models import Round


def source_of(rounds: Iterable[Round]) -> str:
    """number:state:version of each round."""
    return ",".join(f"{round.number}:{round.state}:{round.version}" for round in rounds)


def source_in(dataset: dict[str, Any]) -> str:
    """The same of the rounds that a dataset tells of."""
    rounds = [dataset["round"]] if dataset["kind"] == "weekly" else dataset["rounds"]
    return ",".join(f"{round['number']}:{round['state']}:{round['version']}" for round in rounds)
