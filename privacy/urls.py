"""Pages about personal data: for everybody, and for each person their own."""

from django.urls import path

from privacy import views

urlpatterns = [
    path("", views.notice, name="privacy-notice"),
    path("my-data/", views.my_data, name="privacy-my-data"),
    path("my-data/copy/", views.my_copy, name="privacy-my-copy"),
    path("requests/", views.requests, name="privacy-requests"),
    path("requests/<int:pk>/", views.request_page, name="privacy-request"),
]
