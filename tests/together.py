"""Acts that meet: each in a thread and a database connection of its own, all let go at the same moment."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections

PATIENCE_SECONDS = 60


def at_once(*acts: Callable[[], Any], refused: tuple[type[Exception], ...] = ()) -> list[Any]:
    """What every act returned, in order, or raised of `refused`; whatever else one of them raises is raised here."""
    line, results = threading.Barrier(len(acts)), [None] * len(acts)
    failed: list[BaseException] = []

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            line.wait(PATIENCE_SECONDS)
            results[place] = act()
        except refused as error:
            results[place] = error
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=each, daemon=True) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    for error in failed:
        raise error
    assert not any(thread.is_alive() for thread in threads), "an act never came back"
    return results
