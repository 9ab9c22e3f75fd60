"""Over https, as in production: certificates count, and a dripping answer is cut there too."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.accounts.sso.conftest import redirect_of
from tests.accounts.sso.providers import drip, hang, lying_provider
from tests.factories import make_user
from tests.processes import wait_for

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A certificate of 127.0.0.1 with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    unencrypted = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unencrypted)
    file = tmp_path_factory.mktemp("tls") / "provider.pem"
    file.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def secure_liar(configure, certificate):
    """The provider of our own behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with lying_provider(context) as provider:
        configure({"tinh": provider.issuer})
        yield provider


@pytest.fixture
def trusted(monkeypatch, certificate):
    for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(variable, str(certificate))


def test_people_sign_in_over_tls(secure_liar, trusted, portal):
    make_user("NV1")
    portal.come_back(redirect_of(portal.begin()))
    assert portal.who() == "NV1"


def test_a_provider_whose_certificate_nobody_vouches_for_is_not_called(secure_liar, portal):
    assert portal.client.post("/accounts/oidc/tinh/login/").status_code == 503
    assert secure_liar.calls == []


@pytest.mark.parametrize("fault", [hang, drip])
def test_an_answer_without_end_is_cut(secure_liar, trusted, portal, settings, fault):
    settings.SSO_TIMEOUT_SECONDS = 0.6
    secure_liar.answers[DISCOVERY] = fault
    assert portal.client.post("/accounts/oidc/tinh/login/").status_code == 503
    if fault is drip:
        wait_for(lambda: "cut" in secure_liar.calls, "the end of the dripping connection", 5)
