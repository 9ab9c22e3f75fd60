import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.clock


class Migration(migrations.Migration):
    """Frozen rankings of units."""

    dependencies = [
        ("accounts", "0007_role_reviews"),
        ("contest", "0003_collective_rule"),
        ("reports", "0005_unit_reports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CollectiveResult",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField(verbose_name="bản số")),
                ("rule", models.JSONField()),
                ("rounds", models.JSONField()),
                ("digest", models.CharField(max_length=64, verbose_name="mã băm")),
                ("made_at", models.DateTimeField(db_default=accounts.clock.ClockTimestamp())),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                (
                    "contest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="collective_results",
                        to="contest.contest",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "kết quả tập thể",
            },
        ),
        migrations.CreateModel(
            name="CollectiveStanding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("calculation", models.JSONField()),
                (
                    "result",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="standings",
                        to="reports.collectiveresult",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
            ],
            options={
                "verbose_name": "thứ hạng tập thể",
                "ordering": ["result", "position"],
            },
        ),
        migrations.AddConstraint(
            model_name="collectiveresult",
            constraint=models.UniqueConstraint(fields=("contest", "version"), name="collective_result_version_once"),
        ),
        migrations.AddConstraint(
            model_name="collectiveresult",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("published_at", None), ("published_by", None)),
                    models.Q(("published_at__isnull", False), ("published_by__isnull", False)),
                    _connector="OR",
                ),
                name="collective_result_published_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="collectivestanding",
            constraint=models.UniqueConstraint(fields=("result", "position"), name="collective_standing_position_once"),
        ),
        migrations.AddConstraint(
            model_name="collectivestanding",
            constraint=models.UniqueConstraint(fields=("result", "unit"), name="collective_standing_unit_once"),
        ),
    ]
