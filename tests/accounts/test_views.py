"""Pages about accounts: those that the roster makes needless are not there."""

import pytest
from django.core import mail

from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/accounts/password/reset/", {"email": "stranger@example.com"}),
        ("/accounts/email/", {"email": "stranger@example.com", "action_add": ""}),
        ("/accounts/confirm-email/", {}),
    ],
)
@pytest.mark.parametrize("signs_in", [False, True])
def test_nobody_has_mail_sent_to_an_address_they_type(client, address, form, signs_in):
    if signs_in:
        client.force_login(make_user())
    assert client.get(address).status_code == 404
    assert client.post(address, form).status_code == 404
    assert mail.outbox == []
