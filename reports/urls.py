from django.urls import include, path
from django.views.generic import RedirectView

from reports import baseline_page, views
from reports.clips.views import clip_files
from reports.handin import views as handin

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="report-participation"), name="reports"),
    path("participation/", views.participation, name="report-participation"),
    path("unit-reports/", include("reports.unit_reports.urls")),
    path("dashboard/", include("reports.dashboard.urls")),
    path("nonparticipants/", views.nonparticipants, name="report-nonparticipants"),
    path("exports/", views.exports, name="report-exports"),
    path("exports/<uuid:export_id>/cancel/", views.export_cancel, name="report-export-cancel"),
    path("exports/<uuid:export_id>/download/", views.export_download, name="report-export-download"),
    path("rounds/<int:pk>/report/", handin.weekly, name="report-weekly"),
    path("rounds/<int:pk>/report/freeze/", handin.weekly_freeze, name="report-weekly-freeze"),
    path("contests/", include("reports.collective.urls")),
    path("contests/<int:pk>/last-year/", baseline_page.baseline, name="report-baseline"),
    path("contests/<int:pk>/report/", handin.final, name="report-final"),
    path("contests/<int:pk>/report/freeze/", handin.final_freeze, name="report-final-freeze"),
    path("contests/<int:pk>/issuing-body/", handin.issuing_body, name="report-issuing-body"),
    path("clips/<int:pk>/", clip_files, name="report-clips"),
    path("files/", handin.request_file, name="report-file-request"),
]
