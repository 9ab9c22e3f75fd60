"""Everybody's own messages."""

from django.urls import path

from notifications import views

urlpatterns = [
    path("", views.messages_list, name="notifications"),
    path("read-all/", views.read_everything, name="notifications-read-all"),
    path("settings/", views.settings_page, name="notification-settings"),
    path("<int:pk>/", views.message, name="notification"),
]
