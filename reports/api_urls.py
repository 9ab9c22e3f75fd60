from django.urls import path

from reports import api

urlpatterns = [
    path("reports/participation/", api.ParticipationReport.as_view(), name="api-participation"),
]
