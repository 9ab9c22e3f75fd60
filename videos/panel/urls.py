"""Pages under /clips/: the judge's desk."""

from django.urls import path

from videos.panel import pages, saving

urlpatterns = [
    path("judging/", pages.desk, name="judging"),
    path("judging/missing/<int:pk>/", pages.missing, name="judging-missing"),
    path("judging/<int:sheet_id>/", pages.sheet, name="judging-sheet"),
    path("judging/<int:sheet_id>/submit/", pages.submit, name="judging-submit"),
    path("judging/<int:sheet_id>/conflict/", pages.conflict, name="judging-conflict"),
    path("judging/<int:sheet_id>/abstain/", pages.abstention, name="judging-abstain"),
    path("judging/<int:sheet_id>/comment/", saving.comment, name="judging-comment"),
    path("judging/<int:sheet_id>/points/<int:position>/", saving.points, name="judging-points"),
]
