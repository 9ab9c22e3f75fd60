"""The Celery application: `celery -A config worker` and `celery -A config beat`.

Celery prompts the work; it never decides it. Every task is a guarded state move on database rows that
may run twice, late or never: a sweep on the beat finds what is due (see docs/architecture.md).

A message carries the id of the request that sent it, so that logs and traces of a task name the request it is
for. Logs are Django's, as Celery's own show arguments.
"""

import os
from time import perf_counter
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("cchc")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

REQUEST_ID = "portal_request_id"


@signals.setup_logging.connect
def keep_our_logging(**signal: Any) -> None:
    """Log as the settings say: with a receiver here, Celery sets up nothing of its own."""
    from django.conf import settings
    from django.utils.log import configure_logging

    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)


@signals.before_task_publish.connect
def send_request_id(headers: dict[str, Any], **signal: Any) -> None:
    from accounts.middleware import current_request_id

    if request_id := current_request_id():
        headers[REQUEST_ID] = request_id


@signals.task_prerun.connect
def begin_task(task_id: str, task: Any, **signal: Any) -> None:
    from accounts.middleware import adopt_request_id
    from config.logs import current_task

    adopt_request_id(task.request.get(REQUEST_ID) or "")
    current_task.set((task.name, task_id))
    task.request.portal_started = perf_counter()


@signals.task_postrun.connect
def end_task(task_id: str, task: Any, state: str | None = None, **signal: Any) -> None:
    from accounts.middleware import adopt_request_id
    from config.logs import current_task, log_task

    log_task(task.name, task_id, (state or "").lower(), perf_counter() - task.request.portal_started)
    adopt_request_id("")
    current_task.set(("", ""))
