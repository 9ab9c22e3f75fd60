from django.db import migrations


class Migration(migrations.Migration):
    """Leave room on every page for new versions of its attempts: a save then touches no index."""

    dependencies = [("contest", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE contest_attempt SET (fillfactor = 70)",
            "ALTER TABLE contest_attempt RESET (fillfactor)",
        )
    ]
