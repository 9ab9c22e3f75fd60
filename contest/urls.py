"""Public pages and those of the person who takes the quiz."""

from django.urls import path

from contest.views import public, quiz

urlpatterns = [
    path("", public.home, name="home"),
    path("contests/<slug:slug>/rules/", public.rules, name="rules"),
    path("rounds/", quiz.rounds, name="rounds"),
    path("rounds/<int:pk>/start/", quiz.round_start, name="round-start"),
    path("rounds/<int:pk>/results/", public.results, name="results"),
    path("rounds/<int:pk>/record/<str:name>", public.record_file, name="record-file"),
    path("attempts/<uuid:pk>/", quiz.attempt, name="attempt"),
    path("verify_record.py", public.verifier, name="verifier"),
]
