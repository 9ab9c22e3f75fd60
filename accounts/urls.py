"""A person's own account: its security, beside the pages of django-allauth."""

from django.urls import include, path
from django.views.generic import RedirectView

from accounts.views import security, tokens

urlpatterns = [
    path("", security.account, name="account"),
    path("security/", security.security, name="account-security"),
    path("security/sessions/end/", security.end_all, name="account-sessions-end"),
    path("security/sessions/<int:pk>/end/", security.end_one, name="account-session-end"),
    path("tokens/", tokens.my_tokens, name="api-tokens"),
    path("tokens/<int:pk>/revoke/", tokens.revoke_mine, name="api-token-revoke"),
    path("session/", security.session_clock, name="session-clock"),
    path("2fa/", RedirectView.as_view(pattern_name="account-security"), name="mfa_index"),
    path("2fa/totp/activate/", security.EnrolView.as_view(), name="mfa_activate_totp"),
    path("2fa/recovery-codes/", security.RecoveryCodesView.as_view(), name="mfa_view_recovery_codes"),
    path("2fa/", include("allauth.mfa.urls")),
]
