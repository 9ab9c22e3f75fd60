"""API tokens act as one participant, until they expire or are revoked."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.clock import server_now
from accounts.models import ApiToken
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def token_for(user, *arguments) -> str:
    out = StringIO()
    call_command("create_api_token", user.employee_id, *arguments, stdout=out)
    return out.getvalue().strip()


def status(text: str) -> int:
    return Client(headers={"Authorization": f"Token {text}"}).get("/api/v1/rounds/").status_code


def test_a_token_works_and_only_its_digest_is_stored():
    text = token_for(make_user("NV1"))
    assert status(text) == 200
    assert text not in str(ApiToken.objects.values())


def test_a_wrong_an_expired_and_a_revoked_token_do_not_work():
    text = token_for(make_user("NV1"))
    assert status("x" + text) == 401
    ApiToken.objects.update(expires_at=server_now() - timedelta(seconds=1))
    assert status(text) == 401
    ApiToken.objects.update(expires_at=server_now() + timedelta(days=1), revoked_at=server_now())
    assert status(text) == 401


def test_a_deactivated_persons_token_does_not_work():
    user = make_user("NV1")
    text = token_for(user)
    user.is_active = False
    user.save()
    assert status(text) == 401


def test_nobody_by_that_id_is_bad_data_and_an_absurd_time_is_usage():
    with pytest.raises(CommandError) as unknown:
        token_for(make_user("NV1").__class__(employee_id="NV2"))
    assert unknown.value.returncode == 1
    with pytest.raises(CommandError) as absurd:
        token_for(make_user("NV3"), "--days", "0")
    assert absurd.value.returncode == 2
    assert not ApiToken.objects.exists()
