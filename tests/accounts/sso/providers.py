"""Real OpenID Connect providers for tests: a packaged one as a process, and one of our own that can be made to lie."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from embedded.valkey import free_port

CLIENT_ID, CLIENT_SECRET = "cchc", "bi-mat"


@cache
def signing_key(name: str = "honest") -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})


# --- A packaged provider, as a process ----------------------------------------------------------------


class MockProvider:
    """PyPI's oidc-provider-mock in a process of its own."""

    def __init__(self, *arguments: str, port: int = 0):
        self.port = port or free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self._arguments = arguments
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "-p", str(self.port), *self._arguments],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"NO_COLOR": "1"},
        )  # fmt: skip
        end = time.monotonic() + 30
        while True:
            try:
                urlopen(f"{self.issuer}/jwks", timeout=5).close()
                return
            except OSError:
                assert time.monotonic() < end, "the provider did not start"
                time.sleep(0.05)

    def know(self, sub: str, **claims: Any) -> None:
        """Let the provider know a person."""
        body = json.dumps(claims).encode()
        request = Request(
            f"{self.issuer}/users/{sub}", body, method="PUT", headers={"Content-Type": "application/json"}
        )
        urlopen(request, timeout=5).close()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


# --- One that can be made to lie ----------------------------------------------------------------------

Answer = Callable[["Handler"], None]


class LyingProvider(ThreadingHTTPServer):
    """A small provider that signs with its own key. Honest until told otherwise, before or during a sign-in.

    claims      added to the honest claims of the id token; a value of None takes a claim away
    document    the same for the discovery document
    userinfo    what /userinfo answers
    sign        how the id token is signed
    answers     by path, what is done instead of answering honestly
    calls       paths asked for, in order
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, tls: ssl.SSLContext | None = None):
        super().__init__(("127.0.0.1", 0), Handler)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.issuer = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_address[1]}"
        self.claims: dict[str, Any] = {}
        self.document: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.sign: Callable[[dict[str, Any]], str] = signed
        self.keys = [signing_key()]
        self.answers: dict[str, Answer] = {}
        self.calls: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.released = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        self.released.set()
        self.shutdown()
        self.server_close()

    def discovery(self) -> dict[str, Any]:
        names = {"authorization": "authorize", "token": "token", "userinfo": "userinfo", "end_session": "logout"}
        honest = {f"{name}_endpoint": f"{self.issuer}/{path}" for name, path in names.items()}
        return changed(honest | {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks"}, self.document)

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        honest = {
            "iss": self.issuer, "sub": "an", "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce,
            "name": "Nguyễn An", "employee_id": "NV1",
        }  # fmt: skip
        return self.sign(changed(honest, self.claims))


def changed(honest: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (honest | changes).items() if value is not None}


def signed(claims: dict[str, Any], key: RSAKey | None = None, **header: Any) -> str:
    key = key or signing_key()
    return jwt.encode({"alg": "RS256", "kid": key.kid} | header, claims, key)


def encoded(*parts: dict[str, Any]) -> str:
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


def unsigned(claims: dict[str, Any]) -> str:
    return encoded({"alg": "none", "kid": signing_key().kid}, claims) + "."


def signed_with_the_public_key(claims: dict[str, Any]) -> str:
    """HS256 under what everybody can read: believed by those who let the token choose the algorithm."""
    text = encoded({"alg": "HS256", "kid": signing_key().kid}, claims)
    digest = hmac.digest(signing_key().as_pem(private=False), text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LyingProvider

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:  # hung up on, or a handshake that failed
            pass

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.answer()

    def answer(self) -> None:
        path = urlsplit(self.path).path
        self.server.calls.append(path)
        honest: dict[str, Answer] = {
            "/.well-known/openid-configuration": lambda handler: handler.json(self.server.discovery()),
            "/jwks": lambda handler: handler.json(KeySet(self.server.keys).as_dict(private=False)),
            "/userinfo": lambda handler: handler.json({"sub": "an"} | self.server.userinfo),
            "/authorize": Handler.authorize,
            "/token": Handler.token,
        }
        self.server.answers.get(path, honest.get(path, lambda handler: handler.json({}, 404)))(self)

    def authorize(self) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        code = secrets.token_hex(8)
        self.server.codes[code] = asked
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def token(self) -> None:
        sent = {name: values[0] for name, values in self.form.items()}
        asked = self.server.codes.pop(sent.get("code", ""), None)
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or asked.get("code_challenge") != proof or sent.get("client_secret") != CLIENT_SECRET:
            self.json({"error": "invalid_grant"}, 400)
            return
        token = self.server.id_token(asked.get("nonce", ""))
        self.json({"access_token": "a", "token_type": "Bearer", "expires_in": 300, "id_token": token})

    def json(self, body: Any, status: int = 200) -> None:
        self.send(json.dumps(body).encode(), status)

    def send(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def hang(handler: Handler) -> None:
    """Accept, read, and never answer."""
    handler.server.released.wait(30)
    handler.close_connection = True


def drip(handler: Handler) -> None:
    """Answer one byte at a time: every read succeeds, and the answer never ends."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    _drip(handler, b" ")


def drip_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    _drip(handler, b"x")


def _drip(handler: Handler, byte: bytes) -> None:
    handler.close_connection = True
    try:
        while not handler.server.released.wait(0.05):
            handler.wfile.write(byte)
    except OSError:
        handler.server.calls.append("cut")  # the portal has hung up


def break_off(handler: Handler) -> None:
    """Die in the middle of an answer."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"issuer":')
    handler.close_connection = True


@contextmanager
def lying_provider(tls: ssl.SSLContext | None = None) -> Iterator[LyingProvider]:
    provider = LyingProvider(tls)
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()
