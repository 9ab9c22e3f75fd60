"""Downloading the full record of a round."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.authentication import person_of
from accounts.problems import Refused
from accounts.rights import Right, units_with
from contest.full_record import may_have_full_record, pack_full_record
from contest.models import Round
from contest.record import NoRecord


@never_cache
@require_POST
@login_required
def full_record(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The full edition as a ZIP file. A POST: it leaves a trace, and no link elsewhere sets it off."""
    rounds = Round.objects.filter(contest__unit__in=units_with(request.user, Right.FULL_RECORD))
    round = get_object_or_404(rounds.select_related("contest"), pk=pk)
    if not may_have_full_record(person_of(request), round):
        raise Http404
    try:
        packed = pack_full_record(round=round, actor=person_of(request))
    except NoRecord:
        raise Http404 from None
    except Refused as refused:
        messages.warning(request, str(refused.detail))
        return redirect("manage-round", pk)
    name = f"full-record-{round.pk}-v{round.version}.zip"
    return FileResponse(packed, as_attachment=True, filename=name, content_type="application/zip")
