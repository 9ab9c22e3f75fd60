"""Pages of requests and proposals, included under /requests/. The coordinators' home there belongs to reports."""

from django.urls import path

from proposals.views import asking, proposal_forms, proposing, recommending

urlpatterns = [
    path("account/", asking.account_request, name="account-request"),
    path("unit/", asking.unit_correction, name="unit-correction"),
    path("unit/withdraw/", asking.unit_correction_withdraw, name="unit-correction-withdraw"),
    path("accounts/<int:pk>/", recommending.account, name="recommend-account"),
    path("corrections/<int:pk>/", recommending.correction, name="recommend-correction"),
    path("staff/", proposing.unit_staff, name="unit-staff"),
    path("proposals/", proposing.proposals, name="proposals"),
    path("proposals/staff/new/", proposal_forms.staff, name="proposal-staff"),
    path("proposals/staff/file/", proposing.staff_file, name="proposal-staff-file"),
    path("proposals/headcounts/new/", proposal_forms.headcounts, name="proposal-headcounts"),
    path("proposals/headcounts/file/", proposing.headcounts_file, name="proposal-headcounts-file"),
    path("proposals/<int:pk>/", proposing.detail, name="proposal"),
    path("proposals/<int:pk>/send/", proposing.send, name="proposal-send"),
    path("proposals/<int:pk>/withdraw/", proposing.withdraw, name="proposal-withdraw"),
]
