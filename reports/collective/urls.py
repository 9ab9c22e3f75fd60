"""Below /reports/contests/."""

from django.urls import path

from reports.collective import tie_views, views

urlpatterns = [
    path("<int:pk>/collective/", views.collective, name="report-collective"),
    path("<int:pk>/collective/freeze/", views.freeze, name="report-collective-freeze"),
    path("<int:pk>/collective/publish/", views.publish, name="report-collective-publish"),
    path("<int:pk>/collective/units/<int:unit_pk>/", views.calculation, name="report-collective-unit"),
    path("<int:pk>/collective/ties/", tie_views.ties, name="report-collective-ties"),
    path("<int:pk>/awards/", views.awards, name="report-awards"),
    path("<int:pk>/awards/paper/", views.awards_paper, name="report-awards-paper"),
]
