"""The portal's settings, with addresses and a task that fail with personal data in their exceptions."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.config.urls_with_faults"
CELERY_IMPORTS = ("tests.config.faulty_tasks",)
