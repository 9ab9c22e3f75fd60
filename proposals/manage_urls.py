"""The organisers' inbox, included under /manage/requests/."""

from django.urls import path

from proposals.views import deciding

urlpatterns = [
    path("", deciding.inbox, name="manage-requests"),
    path("accounts/<int:pk>/", deciding.account, name="manage-account-request"),
    path("corrections/<int:pk>/", deciding.correction, name="manage-correction"),
    path("proposals/<int:pk>/", deciding.proposal, name="manage-proposal"),
]
