"""An authenticator app of the tests' own, from RFC 6238: it shares no code with the portal."""

import base64
import hashlib
import hmac
import time


def code_of(secret: str, steps: int = 0, at: float | None = None) -> str:
    """The six digits shown now, or `steps` half minutes later."""
    counter = int((time.time() if at is None else at) // 30) + steps
    digest = hmac.digest(base64.b32decode(secret), counter.to_bytes(8, "big"), hashlib.sha1)
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**6:06}"
