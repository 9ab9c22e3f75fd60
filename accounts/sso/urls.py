from django.urls import path

from accounts.sso import views

# Names and addresses are those of django-allauth, whose own views these stand in front of.

urlpatterns = [
    path("login/", views.LoginView.as_view(), name="account_login"),
    path("login/administrators/", views.BreakGlassView.as_view(), name="sso-break-glass"),
    path("logout/", views.LogoutView.as_view(), name="account_logout"),
    path("password/change/", views.ChangePasswordView.as_view(), name="account_change_password"),
    path("oidc/<slug:provider_id>/login/", views.login, name="openid_connect_login"),
    path("oidc/<slug:provider_id>/login/callback/", views.callback, name="openid_connect_callback"),
]
