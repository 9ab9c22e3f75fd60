"""A secret key may be changed: the environment names those before it, and what was made under them stays good."""

import subprocess
import sys

import pytest
from django.core.signing import Signer

from tests.processes import environment

READ = """
import django; django.setup()
from django.conf import settings
from django.core.signing import Signer
print(settings.SECRET_KEY_FALLBACKS, Signer(salt="contest.attempt_key").unsign("{signed}"))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("fallbacks", "told"), [("old,older", "['old', 'older'] attempt"), ("", "")])
def test_what_was_signed_under_an_earlier_key_is_good_while_it_is_named(fallbacks, told):
    signed = Signer(key="older", salt="contest.attempt_key").sign("attempt")
    run = subprocess.run(
        [sys.executable, "-c", READ.format(signed=signed)],
        env=environment(SECRET_KEY="new", SECRET_KEY_FALLBACKS=fallbacks),
        capture_output=True,
        text=True,
    )
    assert run.stdout.strip() == told
    assert (run.returncode == 0) == bool(told), run.stderr
