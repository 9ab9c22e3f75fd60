"""Pages under /manage/clips/."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
