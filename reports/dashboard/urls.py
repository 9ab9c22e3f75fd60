"""The dashboard, included under /reports/dashboard/."""

from django.urls import path

from reports.dashboard import views

urlpatterns = [path("", views.dashboard, name="report-dashboard")]
