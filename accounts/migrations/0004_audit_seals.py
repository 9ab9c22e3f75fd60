import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.clock

TABLES = ("accounts_auditentry", "accounts_auditlink", "accounts_auditseal")

# A test database is emptied by TRUNCATE between tests; by its name, which Django gives it, it is let through.
REFUSE = """
CREATE FUNCTION accounts_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND current_database() LIKE 'test\\_%' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% of % is refused: the audit trace is only added to', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$
"""
TRIGGER = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION accounts_audit_is_append_only()
"""


class Migration(migrations.Migration):
    """Seals that chain the trace, and tables that nobody edits by mistake."""

    dependencies = [("accounts", "0003_audit_scope")]

    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("format", models.PositiveSmallIntegerField()),
                ("previous", models.CharField(max_length=64)),
                ("count", models.PositiveIntegerField()),
                ("entries", models.CharField(max_length=64)),
                ("is_complete", models.BooleanField()),
                ("sealed_at", models.DateTimeField()),
                ("digest", models.CharField(max_length=64)),
            ],
            options={"verbose_name": "niêm phong nhật ký", "ordering": ["number"]},
        ),
        migrations.CreateModel(
            name="AuditLink",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="link",
                        serialize=False,
                        to="accounts.auditentry",
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                (
                    "seal",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="accounts.auditseal",
                    ),
                ),
            ],
            options={
                "verbose_name": "dấu vết đã niêm phong",
                "ordering": ["seal", "position"],
                "constraints": [models.UniqueConstraint(fields=("seal", "position"), name="audit_link_place")],
            },
        ),
        migrations.CreateModel(
            name="AuditCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("requested_at", models.DateTimeField(db_default=accounts.clock.ClockTimestamp())),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("entries", models.PositiveBigIntegerField(default=0)),
                ("seals", models.PositiveIntegerField(default=0)),
                ("unsealed", models.PositiveBigIntegerField(default=0)),
                ("head", models.CharField(blank=True, max_length=64)),
                ("fault", models.JSONField(null=True)),
                (
                    "requested_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "lần kiểm tra nhật ký", "ordering": ["-id"]},
        ),
        migrations.RunSQL(REFUSE, "DROP FUNCTION accounts_audit_is_append_only()"),
        *(
            migrations.RunSQL(TRIGGER.format(table=table), f"DROP TRIGGER append_only ON {table}")
            for table in TABLES
        ),
    ]
