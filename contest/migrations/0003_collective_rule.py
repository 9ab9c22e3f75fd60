import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import contest.models.collective

# Units know before the contest begins how they will be ranked; nobody changes that afterwards, by no way.
REFUSE = """
CREATE FUNCTION contest_collective_rule_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    concerned bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.contest_id ELSE NEW.contest_id END;
BEGIN
    IF EXISTS (
        SELECT FROM contest_round WHERE contest_id = concerned AND NOT is_practice AND state <> 'draft'
    ) THEN
        RAISE EXCEPTION '% of the collective rule of contest % is refused: the contest has begun', TG_OP, concerned
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$
"""
TRIGGER = """
CREATE TRIGGER fixed_once_begun BEFORE INSERT OR UPDATE OR DELETE ON contest_collectiverule
FOR EACH ROW EXECUTE FUNCTION contest_collective_rule_is_fixed()
"""


def give_the_usual_rule(apps, schema_editor):
    """Contests that have not begun get the rule that a new contest gets; others never had one."""
    begun = apps.get_model("contest", "Round").objects.filter(is_practice=False).exclude(state="draft")
    CollectiveRule = apps.get_model("contest", "CollectiveRule")
    for waiting in apps.get_model("contest", "Contest").objects.exclude(pk__in=begun.values("contest")):
        CollectiveRule.objects.create(contest=waiting)


class Migration(migrations.Migration):
    """The rule by which a contest ranks its units, fixed by the database once the contest has begun."""

    dependencies = [
        ("contest", "0002_attempt_fillfactor"),
    ]

    operations = [
        migrations.CreateModel(
            name="CollectiveRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField(default=1)),
                ("is_held", models.BooleanField(default=True, verbose_name="có xếp hạng tập thể")),
                (
                    "weight_participation",
                    models.PositiveSmallIntegerField(
                        default=50,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="Tỷ lệ tham gia bình quân",
                    ),
                ),
                (
                    "weight_score",
                    models.PositiveSmallIntegerField(
                        default=20,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="Điểm trung bình",
                    ),
                ),
                (
                    "weight_perfect",
                    models.PositiveSmallIntegerField(
                        default=20,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="Tỷ lệ bài đúng tất cả",
                    ),
                ),
                (
                    "weight_report",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="Gửi báo cáo đúng hạn",
                    ),
                ),
                (
                    "weight_clip_duty",
                    models.PositiveSmallIntegerField(
                        default=0,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="Có video dự thi",
                    ),
                ),
                (
                    "weight_clip_score",
                    models.PositiveSmallIntegerField(
                        default=0,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="Điểm video dự thi",
                    ),
                ),
                (
                    "weight_zero",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="Điểm trừ: tỷ lệ bài 0 điểm",
                    ),
                ),
                (
                    "grouping",
                    models.CharField(
                        choices=[
                            ("blocks", "trong từng bảng thi"),
                            ("kinds", "trong từng loại đơn vị"),
                            ("all", "chung tất cả các đơn vị"),
                        ],
                        default="blocks",
                        max_length=10,
                        verbose_name="xếp hạng",
                    ),
                ),
                (
                    "minimum_headcount",
                    models.PositiveIntegerField(
                        default=1,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="biên chế tối thiểu để được xếp hạng",
                    ),
                ),
                (
                    "tie_chain",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("participation", "Tỷ lệ tham gia bình quân"),
                                ("score", "Điểm trung bình"),
                                ("perfect", "Tỷ lệ bài đúng tất cả"),
                                ("report", "Gửi báo cáo đúng hạn"),
                                ("clip_duty", "Có video dự thi"),
                                ("clip_score", "Điểm video dự thi"),
                                ("zero", "Tỷ lệ bài 0 điểm"),
                            ],
                            max_length=20,
                        ),
                        blank=True,
                        default=contest.models.collective.default_tie_chain,
                        size=None,
                        verbose_name="thứ tự xét khi bằng điểm",
                    ),
                ),
                (
                    "prizes",
                    models.JSONField(
                        blank=True, default=contest.models.collective.default_prizes, verbose_name="giải tập thể"
                    ),
                ),
                (
                    "perfect_rounds",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Để trống: tất cả các tuần thi.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="số tuần đúng tất cả để một người được đề nghị khen",
                    ),
                ),
                (
                    "contest",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="collective_rule",
                        to="contest.contest",
                    ),
                ),
            ],
            options={
                "verbose_name": "cách xếp hạng tập thể",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "weight_participation",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    models.Value(100), "-", models.F("weight_score")
                                                ),
                                                "-",
                                                models.F("weight_perfect"),
                                            ),
                                            "-",
                                            models.F("weight_report"),
                                        ),
                                        "-",
                                        models.F("weight_clip_duty"),
                                    ),
                                    "-",
                                    models.F("weight_clip_score"),
                                ),
                            )
                        ),
                        name="collective_weights_sum_to_100",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("weight_zero__lte", 100)), name="collective_penalty_to_100"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("minimum_headcount__gte", 1)), name="collective_headcount_from_1"
                    ),
                ],
            },
        ),
        migrations.RunSQL(REFUSE, "DROP FUNCTION contest_collective_rule_is_fixed()"),
        migrations.RunSQL(TRIGGER, "DROP TRIGGER fixed_once_begun ON contest_collectiverule"),
        migrations.RunPython(give_the_usual_rule, migrations.RunPython.noop),
    ]
