from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """What the page of the trace filters by, built while acts go on."""

    atomic = False
    dependencies = [("accounts", "0004_audit_seals")]

    operations = [
        AddIndexConcurrently("auditentry", models.Index(fields=["unit", "-id"], name="audit_unit")),
        AddIndexConcurrently("auditentry", models.Index(fields=["verb", "-id"], name="audit_verb")),
        AddIndexConcurrently("auditentry", models.Index(fields=["at"], name="audit_at")),
        AddIndexConcurrently(
            "auditentry",
            models.Index(
                fields=["request_id"], name="audit_request", condition=models.Q(("request_id", ""), _negated=True)
            ),
        ),
    ]
