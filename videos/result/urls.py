"""Pages under /clips/."""

from django.urls import path

from videos.result import views

urlpatterns = [path("contests/<slug:slug>/rules/", views.rules, name="clip-rules")]
