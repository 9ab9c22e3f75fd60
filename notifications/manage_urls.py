"""Organisers' and administrators' pages about messages and mail."""

from django.urls import path

from notifications import manage_views

urlpatterns = [
    path("messages/", manage_views.texts, name="manage-messages"),
    path("messages/<slug:name>/", manage_views.text, name="manage-message"),
    path("messages/<slug:name>/reset/", manage_views.text_reset, name="manage-message-reset"),
    path("mail/", manage_views.mail, name="manage-mail"),
    path("mail/<int:pk>/retry/", manage_views.mail_retry, name="manage-mail-retry"),
]
