from django.core.management.base import CommandError
from django.db import migrations, models
from django.db.models import Count
from django.db.models.functions import Upper

INDEX = "user_employee_id_unique_in_any_case"
MOST_NAMED = 20


def refuse_doubles(apps, schema_editor):
    """The index cannot be built while two people's ids differ only in case, and which is right only people know."""
    users = apps.get_model("accounts", "User").objects.annotate(upper=Upper("employee_id"))
    doubled = list(users.values_list("upper").annotate(n=Count("pk")).filter(n__gt=1).order_by("upper")[:MOST_NAMED])
    if not doubled:
        return
    ids = users.filter(upper__in=[upper for upper, _n in doubled]).order_by("upper", "pk")
    named = ", ".join(ids.values_list("employee_id", flat=True))
    raise CommandError(
        f"Employee ids that differ only in upper and lower case: {named}. Both would open with the same typing. Nothing"
        " was changed. Give one of each its right id in accounts_user, or deactivate and rename it, then migrate again."
    )


class Migration(migrations.Migration):
    """Built while people sign in; an index left invalid by a cut connection is built anew. It serves sign-ins, too."""

    atomic = False
    dependencies = [("accounts", "0007_role_reviews")]

    operations = [
        migrations.RunPython(refuse_doubles, migrations.RunPython.noop),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    [
                        f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}",
                        f"CREATE UNIQUE INDEX CONCURRENTLY {INDEX} ON accounts_user (upper(employee_id))",
                    ],
                    [f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}"],
                )
            ],
            state_operations=[
                migrations.AddConstraint(
                    "user",
                    models.UniqueConstraint(Upper("employee_id"), name=INDEX),
                )
            ],
        ),
    ]
