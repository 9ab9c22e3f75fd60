"""Real workers that send mail: killed in the middle of a mail, and doubled."""

from datetime import timedelta

import pytest
from django.db.models import F

from accounts.clock import ClockTimestamp
from notifications.mail import DEAD_AFTER, send_waiting
from notifications.models import Kind, MailRun, Notification
from notifications.services import notify
from tests.factories import make_user
from tests.notifications.mailbox import mail_server
from tests.processes import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def mailbox(settings):
    with mail_server(settings) as box:
        yield box


@pytest.fixture
def start(start, mailbox):
    more = {"EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}", "EMAIL_TIMEOUT": "30", "QUIET_HOURS": ""}
    return lambda name: start(name, **more)


def tell(number: int) -> list[str]:
    people = [make_user(email=f"nv{place}@example.vn") for place in range(number)]
    for person in people:
        notify(user=person, kind=Kind.REQUEST_DECIDED, subject="Đã giải quyết")
    return sorted(person.email for person in people)


def count(state: str) -> int:
    return Notification.objects.filter(mail_state=state).count()


def test_a_worker_killed_in_the_middle_of_a_mail_sends_nothing_twice(start, broker, mailbox):
    mailbox.hang_from = 3
    addresses = tell(6)
    worker = start("worker")
    start("beat")
    wait_for(mailbox.is_hanging.is_set, "the worker to hand over the third mail", seconds=150)
    worker.kill()
    assert (count("sent"), count("sending"), count("waiting")) == (2, 1, 3)
    mailbox.hang_from = 10**6
    mailbox.release.set()
    # Time passes for the dead worker's mail, for what it had taken on, and for the rate.
    Notification.objects.filter(mail_state="sending").update(claimed_at=F("claimed_at") - DEAD_AFTER)
    Notification.objects.filter(mail_state="waiting").update(due_at=ClockTimestamp() - timedelta(seconds=1))
    MailRun.objects.all().delete()
    start("worker")
    wait_for(lambda: count("sent") == 5, "a second worker to send the rest", seconds=150)
    assert count("perhaps_sent") == 1, "nobody can know, so nobody sends it again"
    assert sorted(mailbox.recipients) == addresses


def test_control_a_sender_that_puts_back_what_a_dead_worker_left_sends_twice(mailbox):
    """What a restart that trusts in `sending` does: the mail had arrived."""
    mailbox.drop_from = 1
    tell(1)
    send_waiting()
    assert len(mailbox.mails) == 1
    mailbox.drop_from = 10**6
    Notification.objects.update(mail_state="waiting", due_at=ClockTimestamp())
    MailRun.objects.all().delete()
    send_waiting()
    assert len(mailbox.mails) == 2


def test_two_beats_and_two_workers_send_each_mail_once(start, broker, mailbox):
    addresses = tell(60)
    for name in ("worker", "worker", "beat", "beat"):
        start(name)
    wait_for(lambda: count("sent") == 60, "all mails to be sent", seconds=150)
    assert sorted(mailbox.recipients) == addresses


def test_a_mail_server_that_hangs_keeps_no_page_waiting(mailbox, client, settings):
    settings.EMAIL_TIMEOUT = 30
    mailbox.hang_from = 1
    person = make_user(email="a@example.vn")
    client.force_login(person)
    notify(user=person, kind=Kind.RESULT, subject="Kết quả")
    assert client.get("/notifications/").status_code == 200
    assert mailbox.sessions == 0, "telling and reading never talk to the mail server"
