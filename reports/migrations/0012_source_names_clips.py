from django.db import migrations

# What a report was made of names the result of the clips too, from now on. Reports that tell of it get the mark, so that
# they are not taken for outdated ones. Code that does not know the mark freezes the same figures, which adds no report.
MARK = """
UPDATE reports_roundreport
SET source = source || ',clips:' || (dataset -> 'clips' ->> 'version')
WHERE round_id IS NULL AND dataset -> 'clips' ->> 'version' IS NOT NULL AND source NOT LIKE '%clips:%'
"""


class Migration(migrations.Migration):
    """Final reports that tell of clips name their result as a source."""

    dependencies = [
        ("reports", "0011_clip_exports"),
    ]

    operations = [
        migrations.RunSQL(MARK, migrations.RunSQL.noop),
    ]
