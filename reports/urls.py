from django.urls import path
from django.views.generic import RedirectView

from reports import views

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="report-participation"), name="reports"),
    path("participation/", views.participation, name="report-participation"),
    path("nonparticipants/", views.nonparticipants, name="report-nonparticipants"),
    path("exports/", views.exports, name="report-exports"),
    path("exports/<uuid:export_id>/cancel/", views.export_cancel, name="report-export-cancel"),
    path("exports/<uuid:export_id>/download/", views.export_download, name="report-export-download"),
]
