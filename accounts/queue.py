"""Handing work to Celery: after the commit, without waiting, and without needing it to arrive."""

import logging
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# Of the connection on which a page hands over a message: nobody waits longer than that for the broker.
HASTY = {"socket_timeout": 1, "socket_connect_timeout": 1, "max_retries": 0}


def prompt(task: str, *arguments: Any) -> None:
    """Ask a worker, once the present transaction has committed, to run `task` now.

    Without a broker nothing is lost: whatever must happen has a row that says so, and a sweep finds it.
    """
    transaction.on_commit(lambda: _send(task, arguments))


def _send(task: str, arguments: tuple[Any, ...]) -> None:
    options = {**current_app.conf.broker_transport_options, **HASTY}
    try:
        with current_app.connection_for_write(transport_options=options) as connection:
            current_app.send_task(task, arguments, connection=connection, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("%s waits for the sweep: %s", task, type(error).__name__)
