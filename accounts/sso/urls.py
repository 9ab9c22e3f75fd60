from django.urls import path, re_path

from accounts.sso import views

# Names and addresses are those of django-allauth, whose own views these stand in front of.
PROVIDER = r"^oidc/(?P<provider_id>[a-z][a-z0-9-]{0,29})"

urlpatterns = [
    path("login/", views.LoginView.as_view(), name="account_login"),
    path("login/administrators/", views.BreakGlassView.as_view(), name="sso-break-glass"),
    path("logout/", views.LogoutView.as_view(), name="account_logout"),
    path("password/change/", views.ChangePasswordView.as_view(), name="account_change_password"),
    re_path(rf"{PROVIDER}/login/$", views.login, name="openid_connect_login"),
    re_path(rf"{PROVIDER}/login/callback/$", views.callback, name="openid_connect_callback"),
]
