"""Uploads under /api/v1/uploads/."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
