"""The quiz API under /api/v1/."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from contest.api import answering, attempts, rounds, standings

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("rounds/", rounds.RoundList.as_view(), name="api-rounds"),
    path("rounds/<int:round_id>/attempts/", rounds.AttemptStart.as_view(), name="api-attempt-start"),
    path("rounds/<int:round_id>/standings/", standings.StandingList.as_view(), name="api-standings"),
    path("attempts/<uuid:attempt_id>/", attempts.attempt_detail, name="api-attempt"),
    path("attempts/<uuid:attempt_id>/answers/<int:position>", answering.save, name="api-save"),
    path("attempts/<uuid:attempt_id>/prediction", answering.predict, name="api-prediction"),
    path("attempts/<uuid:attempt_id>/submit", answering.submit, name="api-submit"),
]
