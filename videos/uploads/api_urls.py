"""Uploads under /api/v1/uploads/."""

from django.urls import path

from videos.uploads.api import UploadDetail, UploadList

urlpatterns = [
    path("", UploadList.as_view(), name="api-uploads"),
    path("<uuid:upload_id>/", UploadDetail.as_view(), name="api-upload"),
]
