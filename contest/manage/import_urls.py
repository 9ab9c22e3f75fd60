"""The pages of imports, included under /manage/imports/."""

from django.urls import path

from contest.manage import import_views

urlpatterns = [
    path("units/", import_views.units, name="manage-import-units"),
    path("staff/", import_views.staff, name="manage-import-staff"),
    path("questions/", import_views.questions, name="manage-import-questions"),
]
