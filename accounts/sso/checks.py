"""What `check --deploy` says about signing in."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register


@register(deploy=True)
def check_providers(app_configs, **kwargs) -> list[CheckMessage]:
    """Issuers over https only, and no passwords for everybody."""
    providers: dict[str, Any] = settings.SOCIALACCOUNT_PROVIDERS
    found: list[CheckMessage] = [
        Error(f"The issuer of '{app['provider_id']}' is not https: anybody on the way can sign in as anybody.",
              hint="Set PUBLIC_URL and the issuer to https addresses.", id="accounts.E101")
        for app in providers["openid_connect"]["APPS"]
        if not app["settings"]["issuer"].startswith("https://")
    ]  # fmt: skip
    if settings.LOCAL_PASSWORDS == "all":
        found.append(
            Warning("Everybody who has a password may sign in with it.",
                    hint="LOCAL_PASSWORDS=off, or administrators for when no provider answers.", id="accounts.W102")
        )  # fmt: skip
    return found
