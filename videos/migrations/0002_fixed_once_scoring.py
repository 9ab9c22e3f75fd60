from django.db import migrations

# The panel scores by rules that nobody can change under it, by no way.
FUNCTIONS = """
CREATE FUNCTION videos_rubric_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.frozen_at IS NOT NULL THEN
        RAISE EXCEPTION '% of rubric % is refused: a panel scores by it', TG_OP, OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION videos_criterion_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM videos_rubric WHERE frozen_at IS NOT NULL
        AND id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.rubric_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.rubric_id END)
    ) THEN
        RAISE EXCEPTION '% of a criterion is refused: a panel scores by its rubric', TG_OP
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION videos_judging_rules_are_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.scoring_started_at IS NOT NULL AND (
        (OLD.rubric_id, OLD.judges_per_clip, OLD.combination, OLD.tie_chain, OLD.is_blind, OLD.prizes_by_kind,
         OLD.disagreement_percent, OLD.scoring_started_at)
        IS DISTINCT FROM
        (NEW.rubric_id, NEW.judges_per_clip, NEW.combination, NEW.tie_chain, NEW.is_blind, NEW.prizes_by_kind,
         NEW.disagreement_percent, NEW.scoring_started_at)
        OR OLD.locked_at IS NOT NULL AND OLD.locked_at IS DISTINCT FROM NEW.locked_at
    ) THEN
        RAISE EXCEPTION 'the judging rules of clip contest % are fixed: its panel has begun', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION videos_prize_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM videos_clipcontest WHERE scoring_started_at IS NOT NULL
        AND id = (CASE WHEN TG_OP = 'DELETE' THEN OLD.clip_contest_id ELSE NEW.clip_contest_id END)
    ) THEN
        RAISE EXCEPTION '% of a clip prize is refused: the panel has begun', TG_OP
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION videos_sheet_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM videos_clipcontest contest JOIN videos_clip clip ON clip.clip_contest_id = contest.id
        WHERE clip.id = NEW.clip_id AND contest.locked_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION '% of score sheet % is refused: the panel has locked', TG_OP, NEW.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION videos_score_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM videos_scoresheet WHERE id = NEW.sheet_id AND NOT has_conflict AND state IN ('assigned', 'scoring')
    ) THEN
        RAISE EXCEPTION '% of a score on sheet % is refused: the sheet is not being scored', TG_OP, NEW.sheet_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
NO_FUNCTIONS = """
DROP FUNCTION videos_rubric_is_fixed(), videos_criterion_is_fixed(), videos_judging_rules_are_fixed(),
    videos_prize_is_fixed(), videos_sheet_is_open(), videos_score_is_open()
"""
TRIGGERS = """
CREATE TRIGGER fixed_once_scored_by BEFORE UPDATE OR DELETE ON videos_rubric
    FOR EACH ROW EXECUTE FUNCTION videos_rubric_is_fixed();
CREATE TRIGGER fixed_once_scored_by BEFORE INSERT OR UPDATE OR DELETE ON videos_criterion
    FOR EACH ROW EXECUTE FUNCTION videos_criterion_is_fixed();
CREATE TRIGGER fixed_once_scoring BEFORE UPDATE ON videos_clipcontest
    FOR EACH ROW EXECUTE FUNCTION videos_judging_rules_are_fixed();
CREATE TRIGGER fixed_once_scoring BEFORE INSERT OR UPDATE OR DELETE ON videos_clipprize
    FOR EACH ROW EXECUTE FUNCTION videos_prize_is_fixed();
CREATE TRIGGER open_until_locked BEFORE INSERT OR UPDATE ON videos_scoresheet
    FOR EACH ROW EXECUTE FUNCTION videos_sheet_is_open();
CREATE TRIGGER open_while_scoring BEFORE INSERT OR UPDATE ON videos_criterionscore
    FOR EACH ROW EXECUTE FUNCTION videos_score_is_open();
"""
NO_TRIGGERS = """
DROP TRIGGER fixed_once_scored_by ON videos_rubric;
DROP TRIGGER fixed_once_scored_by ON videos_criterion;
DROP TRIGGER fixed_once_scoring ON videos_clipcontest;
DROP TRIGGER fixed_once_scoring ON videos_clipprize;
DROP TRIGGER open_until_locked ON videos_scoresheet;
DROP TRIGGER open_while_scoring ON videos_criterionscore;
"""


class Migration(migrations.Migration):
    """Rubric, judging rules and prizes fixed once a panel scores; sheets fixed once submitted or locked."""

    dependencies = [
        ("videos", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
    ]
