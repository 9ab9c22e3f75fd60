"""The project's wiring: settings, URLs, Celery and the web server's entry point."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
