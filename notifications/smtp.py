"""Talking to the mail server, step by step, so that it is always known whether a mail may have been taken.

Until the last line of a mail has been given away nothing has happened: what goes wrong before it is tried again
or has failed. When the answer to it stays out, nobody can know, and the mail is never sent again by itself.
"""

import re
import smtplib
from dataclasses import dataclass

from django.core.mail.backends.smtp import EmailBackend

from notifications.models import MailState

_LEADING_DOT = re.compile(rb"(?m)^\.")


class MailServerAway(Exception):
    """The server cannot be reached, does not answer, or lets nobody in. `error` is a step and a code."""

    def __init__(self, error: str):
        super().__init__(error)
        self.error = error


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one mail: `sent`, `failed`, `perhaps_sent`, or `waiting` to be tried again.

    `alive` tells whether the connection can carry another mail.
    """

    state: str
    error: str = ""
    alive: bool = True


class Mailer:
    """One connection to the mail server of the settings. Opening it raises MailServerAway."""

    def __init__(self) -> None:
        self._backend = EmailBackend()
        try:
            self._backend.open()
            server = self._backend.connection
            assert server is not None  # it has been opened
            server.ehlo_or_helo_if_needed()
        except smtplib.SMTPResponseException as refused:
            raise MailServerAway(f"CONNECT {refused.smtp_code}") from None
        except (OSError, smtplib.SMTPException) as error:
            raise MailServerAway(f"CONNECT {type(error).__name__}"[:40]) from None
        self._server: smtplib.SMTP = server

    def send(self, *, sender: str, recipient: str, message: bytes) -> Outcome:
        """Hand over one mail. Never raises for what a mail server may do."""
        step = "MAIL"
        try:
            code, _ = self._server.mail(sender)
            if code == 250:
                step = "RCPT"
                code, _ = self._server.rcpt(recipient)
            if code in (250, 251):
                step = "DATA"
                code, _ = self._server.docmd("DATA")
            if code != 354:
                return self._refusal(step, code)
        except (OSError, smtplib.SMTPException) as error:
            return Outcome(MailState.WAITING, f"{step} {type(error).__name__}"[:40], alive=False)
        try:
            self._server.send(_LEADING_DOT.sub(b"..", message) + b"\r\n.\r\n")
            code, _ = self._server.getreply()
        except (OSError, smtplib.SMTPException) as error:
            return Outcome(MailState.PERHAPS_SENT, f"END {type(error).__name__}"[:40], alive=False)
        return Outcome(MailState.SENT) if code == 250 else self._refusal("END", code)

    def _refusal(self, step: str, code: int) -> Outcome:
        """4xx is for now, 5xx and whatever no server should say is for good."""
        state = MailState.WAITING if 400 <= code < 500 else MailState.FAILED
        if code == 421:
            return Outcome(state, f"{step} {code}", alive=False)
        try:
            alive = self._server.rset()[0] == 250
        except (OSError, smtplib.SMTPException):
            alive = False
        return Outcome(state, f"{step} {code}", alive=alive)

    def drop(self) -> None:
        """Close the line without another word: nobody is there to hear it."""
        self._server.close()

    def close(self) -> None:
        try:
            self._backend.close()
        except (OSError, smtplib.SMTPException):
            pass
