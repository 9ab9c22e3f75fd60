"""Write docs/personal-data.md from the register."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation import override

from privacy.rendering import register_page


class Command(BaseCommand):
    help = "Write docs/personal-data.md from privacy/register.py."
    requires_system_checks = ()

    def handle(self, *args, **options) -> None:
        with override("en"):
            (Path(settings.BASE_DIR) / "docs/personal-data.md").write_text(register_page())
