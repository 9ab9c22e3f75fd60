"""python -m bench.reporter ROUND_ID REPEATS: computes the round's weekly dataset and its digest, as the worker would.

Prints a line of JSON with the seconds of each time and the peak memory of the process, in MiB.
"""

import json
import os
import resource
import sys

import django

from bench.timing import seconds


def main(round_id: int, repeats: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from contest.models import Round
    from reports.datasets.weekly import weekly_dataset
    from reports.freezing import digest_of

    round = Round.objects.select_related("contest__unit").get(pk=round_id)
    took = [seconds(lambda: digest_of(weekly_dataset(round, round.contest.unit))) for _ in range(repeats)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": took, "peak_mib": peak}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
