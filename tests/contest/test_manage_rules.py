"""Settings of a contest are judged together."""

import pytest

from contest.models import Contest
from contest.rules import SETTINGS, cautions_of, faults_of, settings_of

DEFAULTS = settings_of(Contest())


def fields_at_fault(**changes) -> list[str]:
    return [fault.field for fault in faults_of(DEFAULTS | changes)]


def test_the_defaults_stand():
    assert faults_of(DEFAULTS) == []
    assert cautions_of(DEFAULTS) == []


def test_every_frozen_rule_comes_from_a_setting():
    assert set(DEFAULTS) == set(SETTINGS)
    assert {"attempts_allowed", "counts", "time_limit_seconds", "tie_chain", "wins"} <= set(SETTINGS)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"window_minutes": 0}, ["window_minutes"]),
        ({"window_minutes": 20, "time_limit_seconds": 1201}, ["time_limit_seconds"]),
        ({"window_minutes": 20, "time_limit_seconds": 1200}, []),
        ({"window_minutes": 1, "time_limit_seconds": None}, []),
        ({"prediction_decimals": 1}, ["prediction_decimals"]),
        ({"prediction_decimals": 5, "prediction_asks": "perfect_percent"}, []),
        ({"tie_chain": ["score:desc", "submitted_at:asc"]}, ["prediction_required"]),
        ({"tie_chain": ["score:desc", "submitted_at:asc"], "prediction_required": False}, []),
        ({"prediction_required": False}, []),
        ({"tie_chain": []}, ["prediction_required", "tie_chain"]),
        ({"tie_chain": ["prediction_error:asc", "score:desc"]}, ["tie_chain"]),
        ({"tie_chain": ["score:desc", "score:desc", "prediction_error:asc"]}, ["tie_chain"]),
        ({"tie_chain": ["score:desc", "prediction_over:asc", "prediction_error:asc"]}, ["tie_chain"]),
        ({"tie_chain": ["score:desc", "prediction_error:asc", "prediction_over:asc"]}, []),
        ({"tie_chain": ["score:desc", "submitted_at:asc", "prediction_error:asc"]}, ["tie_chain"]),
        ({"tie_chain": ["score:desc", "duration:asc", "prediction_error:asc", "submitted_at:asc"]}, []),
    ],
)
def test_settings_that_do_not_fit_together_are_named(changes, fields):
    assert fields_at_fault(**changes) == fields


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"score_release": "at_once"}, 1),
        ({"score_release": "at_once", "attempts_allowed": None}, 1),
        ({"attempts_allowed": None}, 0),
        ({"time_limit_seconds": None}, 0),
        ({"time_limit_seconds": None, "tie_chain": ["score:desc", "prediction_error:asc", "duration:asc"]}, 1),
    ],
)
def test_risky_settings_are_allowed_with_a_caution(changes, number):
    assert faults_of(DEFAULTS | changes) == []
    assert len(cautions_of(DEFAULTS | changes)) == number
