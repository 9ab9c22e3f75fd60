"""python -m bench.closer ROUND_ID: closes a round as the worker would; prints its seconds and peak memory."""

import json
import os
import resource
import sys

import django

from bench.timing import seconds


def main(round_id: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from contest import closing
    from contest.models import Round

    steps = {}

    def timed(step):
        def run(round):
            steps[step.__name__] = seconds(lambda: step(round))

        return run

    closing.STEPS = tuple(timed(step) for step in closing.STEPS)
    Round.objects.exists()  # the worker is connected already
    took = seconds(lambda: closing.close_round(round_id))
    round = Round.objects.get(pk=round_id)
    if round.state != "ranked":
        raise SystemExit(f"round {round_id} is {round.state}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": took, "peak_mib": peak, "steps": steps}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
