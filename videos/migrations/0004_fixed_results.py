from django.db import migrations

FUNCTION = """
CREATE FUNCTION videos_result_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of row % in % is refused: a result is frozen', TG_OP, OLD.id, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER fixed BEFORE UPDATE OR DELETE ON videos_panelresult
    FOR EACH ROW EXECUTE FUNCTION videos_result_is_fixed();
CREATE TRIGGER fixed BEFORE UPDATE OR DELETE ON videos_clipstanding
    FOR EACH ROW EXECUTE FUNCTION videos_result_is_fixed();
"""
NO_FUNCTION = """
DROP TRIGGER fixed ON videos_panelresult;
DROP TRIGGER fixed ON videos_clipstanding;
DROP FUNCTION videos_result_is_fixed();
"""


class Migration(migrations.Migration):
    """A computed result is never changed: a new one has the next version."""

    dependencies = [
        ("videos", "0003_clip_reminder"),
    ]

    operations = [
        migrations.RunSQL(FUNCTION, NO_FUNCTION),
    ]
