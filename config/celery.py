"""The Celery application: `celery -A config worker` and `celery -A config beat`.

Celery prompts the work; it never decides it. Every task is a guarded state move on database rows that
may run twice, late or never: a sweep on the beat finds what is due (see docs/architecture.md).
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("cchc")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
