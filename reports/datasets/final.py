"""The final report of a contest as one dataset."""

from typing import Any

from accounts.models import Unit
from accounts.problems import Refused
from contest.models import Contest


def final_dataset(contest: Contest, unit: Unit) -> dict[str, Any]:
    raise Refused("Chưa có.")
