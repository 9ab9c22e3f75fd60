"""Mail to a real server: what arrives, what is refused, what hangs, and what can never be known."""

import logging
import socket
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from accounts.clock import ClockTimestamp, server_now
from accounts.models import User
from notifications import mail
from notifications.mail import claim_due, message_id, pause_after, send_waiting, settle_dead
from notifications.models import Announcement, Kind, MailRun, MailState, Notification
from notifications.services import mute_kinds, notify, retry_mail
from notifications.tasks import send_mail
from tests.factories import make_user
from tests.notifications.mailbox import free_port, mail_server, use_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(settings):
    with mail_server(settings) as box:
        yield box


def tell(address="", kind=Kind.REQUEST_DECIDED, **fields) -> Notification:
    address = address or f"nv{User.objects.count()}@example.vn"
    user = make_user(email=address, full_name=fields.pop("full_name", "Nguyễn Thị Ánh"))
    words = {"subject": "Đề nghị đã được chấp thuận", "body": "Đề nghị của bạn đã được Ban Tổ chức chấp thuận."}
    return notify(user=user, kind=kind, path="/requests/", **words | fields)


def state_of(notification) -> tuple[str, int, str]:
    row = Notification.objects.get(pk=notification.pk)
    return row.mail_state, row.attempts, row.error


def states() -> list[str]:
    return list(Notification.objects.order_by("id").values_list("mail_state", flat=True))


def time_passes() -> None:
    """Whatever waits is due, and no rest is left: the clock cannot be moved."""
    Notification.objects.filter(mail_state="waiting").update(due_at=ClockTimestamp() - timedelta(seconds=1))
    MailRun.objects.all().delete()


# --- What arrives -----------------------------------------------------------------------------------


def test_a_mail_arrives_as_it_was_written(mailbox):
    told = tell("an@example.vn")
    assert send_waiting() == 1
    (mail,) = mailbox.mails
    assert mailbox.recipients == ["an@example.vn"]
    assert (mail["To"], mail["Subject"]) == ("an@example.vn", "Đề nghị đã được chấp thuận")
    assert mail["From"] == "Cổng thông tin CCHC <cchc@example.vn>"
    assert mail["List-Unsubscribe"] == "<https://cchc.example.vn/notifications/settings/>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == message_id(told)
    assert mail.get_content().replace("\r\n", "\n") == (
        "Kính gửi Nguyễn Thị Ánh,\n\nĐề nghị của bạn đã được Ban Tổ chức chấp thuận.\n\n"
        "Xem trên cổng thông tin:\nhttps://cchc.example.vn/requests/\n\n"
        "--\nThư gửi tự động, vui lòng không trả lời. Tắt loại thông báo này tại:\n"
        "https://cchc.example.vn/notifications/settings/\n"
    )
    assert state_of(told) == (MailState.SENT, 1, "")


def test_a_batch_goes_over_one_connection(mailbox):
    for _ in range(5):
        tell()
    assert send_waiting() == 5
    assert (len(mailbox.mails), mailbox.sessions) == (5, 1)


def test_a_mail_is_sent_once_however_often_the_beat_comes(mailbox):
    tell()
    for _ in range(3):
        send_mail()
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize("words", ["Tiêu đề\r\nBcc: x@example.vn", "Tiêu đề\nX-Evil: 1\n\nThân thư"])
def test_no_header_can_be_smuggled_in(mailbox, words):
    told = tell(subject=words, full_name="An\r\nBcc: y@example.vn")
    Notification.objects.filter(pk=told.pk).update(own_subject=words)  # as if written past `notify`
    User.objects.update(full_name="An\r\nBcc: y@example.vn")
    assert send_waiting() == 1
    (mail,) = mailbox.mails
    assert mail["Subject"] == " ".join(words.split())
    assert (mail["Bcc"], mail["X-Evil"]) == (None, None)
    assert "Kính gửi An Bcc: y@example.vn," in mail.get_content()
    assert len(mailbox.recipients) == 1


@pytest.mark.parametrize(
    "address", ["an@example.vn\r\nRCPT TO:<x@example.vn>", "ăn@example.vn", "an an@example.vn", "example.vn", "a@.vn"]
)
def test_an_address_that_no_mail_can_have_fails_and_holds_up_nobody(mailbox, address):
    told = tell(address)
    other = tell("binh@example.vn")
    assert send_waiting() == 1
    assert state_of(told) == (
        MailState.FAILED,
        1,
        "ADDRESS ValueError" if address[2] != "." else "ADDRESS UnicodeError",
    )
    assert state_of(other)[0] == MailState.SENT
    assert mailbox.recipients == ["binh@example.vn"]


def test_a_line_that_is_a_dot_arrives(mailbox):
    tell(body="Một\n.\nHai")
    send_waiting()
    assert "\n.\n" in mailbox.mails[0].get_content().replace("\r", "")


def test_logs_hold_no_address_and_no_word_of_a_mail(mailbox, caplog):
    caplog.set_level(logging.DEBUG)
    mailbox.rcpt = "550 5.1.1 <bi.mat@example.vn> is unknown here"
    told = tell("bi.mat@example.vn", subject="Chuyện riêng", body="Điều kín")
    send_waiting()
    ours = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("mail"))
    assert f"mail {told.pk}: failed RCPT 550" in ours
    for secret in ("bi.mat", "Chuyện riêng", "Điều kín"):
        assert secret not in ours
        assert secret not in state_of(told)[2]


# --- Who gets none ----------------------------------------------------------------------------------


def test_who_mutes_leaves_or_loses_the_address_meanwhile_gets_no_mail(mailbox):
    rows = [tell() for _ in range(4)]
    mute_kinds(user=rows[0].user, kinds=[Kind.REQUEST_DECIDED])
    User.objects.filter(pk=rows[1].user_id).update(is_active=False)
    User.objects.filter(pk=rows[2].user_id).update(email="")
    assert send_waiting() == 1
    assert states() == ["none", "none", "none", "sent"]


def test_a_corrected_address_is_used(mailbox):
    told = tell("old@example.vn")
    User.objects.filter(pk=told.user_id).update(email="new@example.vn")
    send_waiting()
    assert mailbox.recipients == ["new@example.vn"]


def test_a_reminder_that_comes_too_late_stays_in_the_portal(mailbox):
    told = tell(kind=Kind.CLOSING_2H)
    past = Announcement.objects.create(key="k", kind=Kind.CLOSING_2H, subject="s", expires_at=told.created_at)
    Notification.objects.update(announcement=past)
    assert send_waiting() == 0
    assert states() == ["none"]


def test_nothing_goes_out_in_quiet_hours_and_everything_after(mailbox, settings):
    tell()
    local = timezone.localtime(server_now())
    settings.QUIET_HOURS = f"{local - timedelta(hours=1):%H:%M}-{local + timedelta(hours=1):%H:%M}"
    assert send_waiting() == 0
    assert states() == ["waiting"]
    settings.QUIET_HOURS = ""
    assert send_waiting() == 1


def test_without_a_mail_server_nothing_is_tried(settings):
    use_server(settings, free_port())
    tell()
    settings.MAIL_ENABLED = False
    assert send_waiting() == 0
    assert states() == ["waiting"]


# --- Refusals ---------------------------------------------------------------------------------------

STEPS = [("mail_from", "MAIL"), ("rcpt", "RCPT"), ("data", "END")]


@pytest.mark.parametrize(("reply", "step"), STEPS)
def test_a_refusal_for_good_fails_at_once(mailbox, reply, step):
    setattr(mailbox, reply, "550 No")
    told = tell()
    assert send_waiting() == 0
    assert state_of(told) == (MailState.FAILED, 1, f"{step} 550")
    time_passes()
    setattr(mailbox, reply, "")
    assert send_waiting() == 0, "it is not tried again by itself"


@pytest.mark.parametrize(("reply", "step"), STEPS)
def test_a_refusal_for_now_is_tried_again_later_and_arrives_once(mailbox, reply, step):
    setattr(mailbox, reply, "451 Later")
    told = tell()
    assert send_waiting() == 0
    assert state_of(told) == (MailState.WAITING, 1, f"{step} 451")
    assert send_waiting() == 0, "not before its pause is over"
    setattr(mailbox, reply, "")
    time_passes()
    assert send_waiting() == 1
    assert len(mailbox.mails) == 1
    assert state_of(told) == (MailState.SENT, 2, "")


def test_one_refused_mail_does_not_hold_up_the_others(mailbox):
    first, second = tell("a@example.vn"), tell("b@example.vn")
    mailbox.rcpt = "550 No"
    Notification.objects.filter(pk=second.pk).update(due_at=ClockTimestamp() + timedelta(hours=1))
    send_waiting()
    mailbox.rcpt = ""
    time_passes()
    send_waiting()
    assert (state_of(first)[0], state_of(second)[0]) == ("failed", "sent")


def test_after_the_last_attempt_a_mail_has_failed(mailbox):
    mailbox.rcpt = "450 Busy"
    told = tell()
    Notification.objects.update(attempts=mail.MOST_ATTEMPTS - 2)
    send_waiting()
    assert state_of(told)[0] == MailState.WAITING
    time_passes()
    send_waiting()
    assert state_of(told) == (MailState.FAILED, mail.MOST_ATTEMPTS, "RCPT 450")


def test_pauses_grow_and_stay_bounded():
    minutes = [pause_after(attempts).total_seconds() / 60 for attempts in range(1, 12)]
    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 240, 240, 240]


def test_a_server_that_is_away_is_left_in_peace_for_a_minute(settings, mailbox):
    told = tell()
    settings.EMAIL_PORT = free_port()
    assert send_waiting() == 0
    assert state_of(told) == (MailState.WAITING, 1, "CONNECT ConnectionRefusedError")
    settings.EMAIL_PORT = mailbox.port
    Notification.objects.update(due_at=ClockTimestamp())
    assert claim_due(limit=10) == [], "the rest is not over"
    time_passes()
    assert send_waiting() == 1


def test_the_broker_is_not_needed_to_be_told_and_the_next_beat_sends(mailbox, settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    tell()
    send_mail()
    assert len(mailbox.mails) == 1


# --- What can never be known ------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["hang_from", "drop_from"])
def test_a_mail_without_an_answer_is_perhaps_sent_and_never_sent_again(mailbox, fault):
    setattr(mailbox, fault, 1)
    first, second = tell(), tell()
    begin = time.monotonic()
    assert send_waiting() == 0
    assert time.monotonic() - begin < 5, "a server that hangs costs no more than its time-out"
    assert state_of(first) == (MailState.PERHAPS_SENT, 1, "END SMTPServerDisconnected")
    assert state_of(second) == (MailState.WAITING, 0, ""), "the server gets a rest"
    setattr(mailbox, fault, 10**6)
    mailbox.release.set()
    time_passes()
    assert send_waiting() == 1
    assert [str(mail["Message-ID"]) for mail in mailbox.mails] == [message_id(first), message_id(second)]


def test_control_a_sender_that_tries_again_after_silence_sends_twice(mailbox, monkeypatch):
    note = mail._note

    def hope(notification, outcome):
        is_unknown = outcome.state == MailState.PERHAPS_SENT
        note(notification, replace(outcome, state=MailState.WAITING) if is_unknown else outcome)

    monkeypatch.setattr(mail, "_note", hope)
    mailbox.drop_from = 1
    tell()
    send_waiting()
    mailbox.drop_from = 10**6
    time_passes()
    send_waiting()
    assert len(mailbox.mails) == 2


def test_an_organiser_may_send_it_again_and_the_receiver_can_tell(mailbox):
    mailbox.drop_from = 1
    told = tell()
    send_waiting()
    mailbox.drop_from = 10**6
    retry_mail(notification=told, actor=make_user())
    time_passes()
    assert send_waiting() == 1
    first, second = mailbox.mails
    assert first["Message-ID"] == second["Message-ID"]


def silent_server(settings) -> socket.socket:
    """It takes connections and says nothing, not even hello."""
    listener = socket.create_server(("127.0.0.1", 0))
    use_server(settings, listener.getsockname()[1])
    return listener


@pytest.mark.slow
def test_a_server_that_says_nothing_at_all_costs_its_time_out_only(settings):
    with silent_server(settings):
        told = tell()
        begin = time.monotonic()
        assert send_waiting() == 0
        assert time.monotonic() - begin < 5
    assert state_of(told)[:2] == (MailState.WAITING, 1)


def test_a_mail_whose_worker_died_is_perhaps_sent(mailbox):
    told, waiting = tell(), tell()
    stuck = Notification.objects.filter(pk=told.pk)
    stuck.update(mail_state="sending", claimed_at=ClockTimestamp() - mail.DEAD_AFTER + timedelta(minutes=1))
    assert settle_dead() == 0
    stuck.update(claimed_at=F("claimed_at") - timedelta(minutes=1))
    assert send_waiting() == 1
    assert state_of(told) == (MailState.PERHAPS_SENT, 0, "WORKER")
    assert state_of(waiting)[0] == MailState.SENT


# --- Several workers --------------------------------------------------------------------------------


def send_together(workers: int = 2) -> None:
    """Two workers behind a barrier, each with its own connection to the database."""
    barrier = threading.Barrier(workers)

    def work() -> None:
        barrier.wait(10)
        send_waiting()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_mail_once(mailbox):
    for _ in range(30):
        tell()
    send_together()
    assert states() == ["sent"] * 30
    assert sorted(mailbox.recipients) == sorted(User.objects.values_list("email", flat=True))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_control_without_a_claim_two_workers_send_each_mail_twice(mailbox, monkeypatch):
    for _ in range(10):
        tell()
    everything = list(Notification.objects.values_list("pk", flat=True))
    claims = threading.local()

    def no_claim(*, limit):
        if getattr(claims, "done", False):
            return []
        claims.done = True
        return everything

    both_have_looked = threading.Barrier(2)

    def look_only(notification):
        is_waiting = Notification.objects.filter(pk=notification.pk, mail_state__in=("waiting", "sent")).exists()
        both_have_looked.wait(10)
        return is_waiting

    monkeypatch.setattr(mail, "claim_due", no_claim)
    monkeypatch.setattr(mail, "_start", look_only)
    send_together()
    assert len(mailbox.mails) == 20


def test_all_workers_share_one_rate(mailbox, settings):
    settings.MAIL_PER_MINUTE = 5
    for _ in range(12):
        tell()
    assert [send_waiting() for _ in range(3)] == [5, 0, 0]
    MailRun.objects.update(at=F("at") - timedelta(seconds=30))
    assert send_waiting() == 0
    MailRun.objects.update(at=F("at") - timedelta(seconds=31))
    assert send_waiting() == 5


def test_the_rate_holds_when_the_database_takes_the_table_for_empty(mailbox, settings):
    settings.MAIL_PER_MINUTE = 5
    tell().delete()
    with connection.cursor() as cursor:  # now it plans for one mail, and goes through all of them in a loop
        cursor.execute("ANALYZE notifications_notification")
    for _ in range(12):
        tell()
    assert len(claim_due(limit=20)) == 5


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_workers_that_claim_at_once_keep_the_rate(settings, mailbox):
    settings.MAIL_PER_MINUTE = 7
    for _ in range(20):
        tell()
    send_together(4)
    assert states().count("sent") == 7


def test_what_cannot_wait_goes_first(mailbox, settings):
    settings.MAIL_PER_MINUTE = 2
    for kind in (Kind.RESULT, Kind.ROUND_OPENED, Kind.CLOSING_2H, Kind.REQUEST_DECIDED):
        tell(kind=kind)
    send_waiting()
    sent = Notification.objects.filter(mail_state="sent").values_list("kind", flat=True)
    assert set(sent) == {"request_decided", "closing_2h"}
