"""Units' pages: their clips."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.rights import Right, units_with
from contest.manage.access import page_of
from videos.models import Clip


@require_safe
@login_required
def my_clips(request: HttpRequest) -> HttpResponse:
    """The clips of the units for which the person hands in, newest first. Raises Http404 for everybody else."""
    units = units_with(request.user, Right.HAND_IN_CLIPS)
    if not units.exists():
        raise Http404
    clips = Clip.objects.filter(unit__in=units).select_related("clip_contest__contest", "unit", "genre", "current")
    page, query = page_of(request, clips.order_by("-created_at"), 50)
    return render(request, "videos/my_clips.html", {"page": page, "query": query})
