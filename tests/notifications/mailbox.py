"""A real mail server for tests, on a port of its own, that can be told to misbehave."""

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
    """What arrived, and how the server answers. `replies` maps a step (RCPT, DATA) to an answer or a function."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.rcpt = self.data = ""
        self.hang_from, self.drop_from = 10**6, 10**6  # the number of the mail, from 1, after whose last line
        self.release = threading.Event()
        self.reached = threading.Event()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.data:
            return self.data
        self.mails.append(email.message_from_bytes(envelope.content, policy=default))
        self.recipients += envelope.rcpt_tos
        if len(self.mails) >= self.drop_from:
            server.transport.abort()
            return "250 nobody hears it"
        if len(self.mails) >= self.hang_from:
            self.reached.set()
            while not self.release.is_set():
                await server.loop_sleep()
        return "250 OK"


class _Server(SMTP):
    async def loop_sleep(self) -> None:
        import asyncio

        await asyncio.sleep(0.02)


class _Controller(Controller):
    def factory(self):
        return _Server(self.handler, **self.SMTP_kwargs)


@contextmanager
def mail_server(settings, **options) -> Iterator[Mailbox]:
    """A running server that the settings lead to, outside quiet hours, with nothing else in the way."""
    mailbox = Mailbox()
    controller = _Controller(mailbox, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    use_server(settings, controller.port)
    try:
        yield mailbox
    finally:
        mailbox.release.set()
        controller.stop()


def use_server(settings, port: int) -> None:
    settings.MAIL_ENABLED = True
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 0.5
    settings.DEFAULT_FROM_EMAIL = "Cổng thông tin CCHC <cchc@example.vn>"
    settings.PUBLIC_URL = "https://cchc.example.vn"
    settings.QUIET_HOURS = ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
