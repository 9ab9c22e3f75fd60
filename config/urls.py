"""Every address of the portal, by room."""

from django.urls import include, path

from config import health

urlpatterns = [
    path("", include("contest.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("manage/", include("contest.manage.urls")),
    path("reports/", include("reports.urls")),
    path("api/v1/", include("contest.api.urls")),
    path("api/v1/", include("reports.api_urls")),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("i18n/", include("django.conf.urls.i18n")),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.page_not_found"
handler500 = "config.errors.server_error"
