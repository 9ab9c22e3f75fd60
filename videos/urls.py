"""Pages of units, judges and everybody: /clips/."""

from django.urls import include, path

urlpatterns = [
    path("", include("videos.handing_in.urls")),
    path("", include("videos.panel.urls")),
    path("", include("videos.result.urls")),
    path("", include("videos.watching.urls")),
]
