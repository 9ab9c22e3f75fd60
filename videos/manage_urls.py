"""Organisers' pages: /manage/clips/."""

from django.urls import include, path

urlpatterns = [
    path("", include("videos.setup.manage_urls")),
    path("", include("videos.screening.manage_urls")),
    path("", include("videos.panel.manage_urls")),
    path("", include("videos.result.manage_urls")),
]
