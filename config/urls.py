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
