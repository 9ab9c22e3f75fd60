"""A real mail server for tests, on a port of its own, that can be told to misbehave."""

import asyncio
import email
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class Mailbox:
    """What arrived, and how the server answers. A reply that is set takes the place of "250 OK" at that step.

    From mail number `hang_from` or `drop_from` on (the first is 1), the server takes the mail to its last line and
    then says nothing until `release`, or breaks off. `accept_late` is the first mail taken after `release`.
    """

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.mail_from = self.rcpt = self.data = ""
        self.hang_from = self.drop_from = 10**6
        self.is_hanging, self.release = threading.Event(), threading.Event()
        self.port = 0
        self.sessions = 0

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.mail_from:
            return self.mail_from
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.sessions += 1
        session.host_name = hostname
        return responses

    async def handle_DATA(self, server, session, envelope):
        if self.data:
            return self.data
        self.mails.append(email.message_from_bytes(envelope.content, policy=default))
        self.recipients += envelope.rcpt_tos
        if len(self.mails) >= self.drop_from:
            server.transport.abort()
        elif len(self.mails) >= self.hang_from:
            self.is_hanging.set()
            while not self.release.is_set():
                await asyncio.sleep(0.02)
        return "250 OK"


class _Controller(Controller):
    def factory(self) -> SMTP:
        return SMTP(self.handler, **self.SMTP_kwargs)


@contextmanager
def mail_server(settings, port: int = 0) -> Iterator[Mailbox]:
    """A running server that the settings lead to."""
    mailbox = Mailbox()
    mailbox.port = port or free_port()
    controller = _Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    use_server(settings, mailbox.port)
    try:
        yield mailbox
    finally:
        mailbox.release.set()
        controller.stop()


def use_server(settings, port: int) -> None:
    """Lead the settings to a server on `port`, outside of quiet hours, with little patience."""
    settings.MAIL_ENABLED = True
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 0.5
    settings.DEFAULT_FROM_EMAIL = "Cổng thông tin CCHC <cchc@example.vn>"
    settings.PUBLIC_URL = "https://cchc.example.vn"
    settings.QUIET_HOURS = ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
