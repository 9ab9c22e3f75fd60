import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Where a trace may be read, and how an act without a request came about."""

    dependencies = [("accounts", "0002_sign_in_failures")]

    operations = [
        migrations.AddField(
            model_name="auditentry",
            name="unit",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="accounts.unit",
            ),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="origin",
            field=models.CharField(blank=True, db_default="", default="", max_length=100),
        ),
    ]
