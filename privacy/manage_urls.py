"""Pages of those who answer requests about personal data, and of those who erase."""

from django.urls import path

from privacy import views

urlpatterns = [
    path("requests/", views.manage_requests, name="manage-data-requests"),
    path("requests/<int:pk>/", views.manage_request, name="manage-data-request"),
    path("people/", views.manage_people, name="manage-data-people"),
    path("people/<int:pk>/erase/", views.erase, name="manage-data-erase"),
]
