from django.urls import path

from reports.unit_reports import people_views, views

urlpatterns = [
    path("", views.unit_reports, name="unit-reports"),
    path("rounds/<int:round_id>/remind/", views.remind, name="unit-reports-remind"),
    path("rounds/<int:round_id>/deadline/", views.deadline, name="unit-reports-deadline"),
    path("rounds/<int:round_id>/units/<int:unit_id>/", views.unit_report, name="unit-report"),
    path("rounds/<int:round_id>/units/<int:unit_id>/decide/", views.decide, name="unit-report-decide"),
    path("rounds/<int:round_id>/people/remind/", people_views.remind, name="nonparticipants-remind"),
    path("zero-papers/", people_views.zero_papers, name="report-zero-papers"),
]
