"""A portal that knows a provider, and people who sign in there."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from accounts.sso import calls
from accounts.sso.configuration import read_providers
from tests.accounts.sso.providers import CLIENT_ID, CLIENT_SECRET, LyingProvider, MockProvider, lying_provider

LEAVE = re.compile(r'http-equiv="refresh" content="0; url=([^"]+)"')


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


def redirect_of(url: str, form: dict[str, str] | None = None) -> str:
    """Where the provider sends the browser."""
    opener = build_opener(_Stay)
    try:
        opener.open(Request(url, urlencode(form).encode() if form else None), timeout=5)
    except OSError as answer:
        return answer.headers["Location"]
    raise AssertionError("the provider did not redirect")


class Portal:
    """A browser at the portal."""

    def __init__(self) -> None:
        self.client = Client()

    def begin(self, provider: str = "tinh", **form: str) -> str:
        """Press the button; returns the provider's address to which the browser goes."""
        response = self.client.post(f"/accounts/oidc/{provider}/login/", form)
        assert response.status_code == 200, response.status_code
        return leaves_for(response)

    def come_back(self, callback: str) -> HttpResponse:
        parts = urlsplit(callback)
        return self.client.get(f"{parts.path}?{parts.query}")

    def sign_in(self, sub: str = "", provider: str = "tinh", **form: str) -> HttpResponse:
        """The whole round trip; with `sub` the provider's own form is filled in."""
        address = self.begin(provider, **form)
        return self.come_back(redirect_of(address, {"sub": sub} if sub else None))

    def who(self) -> str | None:
        """The employee id of who is signed in here."""
        from accounts.models import User

        pk = self.client.session.get("_auth_user_id")
        return User.objects.get(pk=pk).employee_id if pk else None


def leaves_for(response: HttpResponse) -> str:
    found = LEAVE.search(response.content.decode())
    assert found, "no page that leads to the provider"
    return unescape(found[1])


Configure = Callable[..., None]


@pytest.fixture
def configure(settings, monkeypatch) -> Iterator[Configure]:
    """A function that makes `settings` those of an environment with providers: id -> issuer, and further variables."""
    monkeypatch.setattr(calls, "health", calls.Health())
    cache.clear()

    def apply(providers: dict[str, str], **more: str) -> None:
        environ = {"SSO_PROVIDERS": ",".join(providers)} | more
        for name, issuer in providers.items():
            prefix = f"SSO_{name.upper().replace('-', '_')}_"
            environ |= {
                f"{prefix}NAME": f"Tài khoản {name}", f"{prefix}ISSUER": issuer,
                f"{prefix}CLIENT_ID": CLIENT_ID, f"{prefix}CLIENT_SECRET": CLIENT_SECRET,
            }  # fmt: skip
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": read_providers(environ, secure=False)}}

    yield apply
    cache.clear()


@pytest.fixture
def portal() -> Portal:
    return Portal()


@pytest.fixture(scope="session")
def _mock_process() -> Iterator[MockProvider]:
    provider = MockProvider()
    yield provider
    provider.kill()


@pytest.fixture
def mock(_mock_process, configure) -> MockProvider:
    """The packaged provider, known to the portal as "tinh"."""
    configure({"tinh": _mock_process.issuer})
    return _mock_process


@pytest.fixture
def liar(configure) -> Iterator[LyingProvider]:
    """The provider of our own, known to the portal as "tinh"."""
    with lying_provider() as provider:
        configure({"tinh": provider.issuer})
        yield provider
