"""Every address of the portal, by room."""

from django.conf import settings
from django.urls import include, path

from accounts.views.failures import not_offered
from config import health
from reports.desk import desk

# People and their addresses come from the roster. Nobody adds an address of their own, and nobody has the portal
# send mail to one that they type.
NOT_OFFERED = ("email/", "confirm-email/", "password/reset/", "password/set/")

urlpatterns = [
    path("", include("contest.urls")),
    *(path(f"accounts/{page}", not_offered) for page in NOT_OFFERED),
    path("accounts/", include("accounts.urls")),
    path("accounts/", include("accounts.sso.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("notifications/", include("notifications.urls")),
    path("requests/", desk, name="requests"),
    path("requests/", include("proposals.urls")),
    path("privacy/", include("privacy.urls")),
    path("manage/privacy/", include("privacy.manage_urls")),
    path("manage/", include("notifications.manage_urls")),
    path("manage/requests/", include("proposals.manage_urls")),
    path("manage/", include("contest.manage.urls")),
    path("clips/", include("videos.urls")),
    path("manage/clips/", include("videos.manage_urls")),
    path("reports/", include("reports.urls")),
    path("api/v1/", include("contest.api.urls")),
    path("api/v1/uploads/", include("videos.uploads.api_urls")),
    path("api/v1/", include("reports.api_urls")),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("i18n/", include("django.conf.urls.i18n")),
]

if settings.ADMIN_PATH:
    from config.admin import site

    urlpatterns.append(path(f"{settings.ADMIN_PATH}/", site.urls))

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.page_not_found"
handler429 = "accounts.views.failures.too_many_requests"  # asked for by django-allauth
handler500 = "config.errors.server_error"
