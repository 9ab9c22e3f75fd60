"""The portal's settings, with a broker that hands a task to another worker long before it is done."""

from config.settings import *  # noqa: F403
from config.settings import CELERY_BROKER_TRANSPORT_OPTIONS as OPTIONS

# Kombu looks for such tasks every ten rounds of ten seconds unless told otherwise, and the test would pass falsely.
CELERY_BROKER_TRANSPORT_OPTIONS = OPTIONS | {
    "visibility_timeout": 1, "unacked_restore_interval": 1, "unacked_restore_throttle": 1,
}  # fmt: skip
