"""Mail to a real server: what arrives, what is refused, what hangs, and what can never be known."""

import pytest

from notifications.mail import send_waiting
from notifications.models import Kind, MailState, Notification
from notifications.services import notify
from tests.factories import make_user
from tests.notifications.mailbox import mail_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(settings):
    with mail_server(settings) as box:
        yield box


def tell(address="an@example.vn", **fields):
    user = make_user(email=address, full_name=fields.pop("full_name", "Nguyễn Thị Ánh"))
    words = {"subject": "Đề nghị đã được chấp thuận", "body": "Đề nghị của bạn đã được Ban Tổ chức chấp thuận."}
    return notify(user=user, kind=Kind.REQUEST_DECIDED, path="/requests/", **words | fields)


def state_of(notification) -> tuple[str, int, str]:
    row = Notification.objects.get(pk=notification.pk)
    return row.mail_state, row.attempts, row.error


def test_a_mail_arrives_as_it_was_written(mailbox):
    told = tell()
    assert send_waiting() == 1
    (mail,) = mailbox.mails
    assert mailbox.recipients == ["an@example.vn"]
    assert (mail["To"], mail["Subject"]) == ("an@example.vn", "Đề nghị đã được chấp thuận")
    assert mail["From"] == "Cổng thông tin CCHC <cchc@example.vn>"
    assert mail.get_content().replace("\r\n", "\n") == (
        "Kính gửi Nguyễn Thị Ánh,\n\nĐề nghị của bạn đã được Ban Tổ chức chấp thuận.\n\n"
        "Xem trên cổng thông tin:\nhttps://cchc.example.vn/requests/\n\n"
        "--\nThư gửi tự động, vui lòng không trả lời. Tắt loại thông báo này tại:\n"
        "https://cchc.example.vn/notifications/settings/\n"
    )
    assert state_of(told) == (MailState.SENT, 1, "")
