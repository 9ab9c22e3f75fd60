"""The gallery, a published clip, and every file of a clip behind its right."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from contest.manage.access import page_of
from videos.models import Clip, ClipContest, ClipFile
from videos.storage import captions_key, original_key, poster_key, rendition_key
from videos.watching.access import names_for
from videos.watching.delivery import deliver
from videos.watching.gallery import Filters, gallery_of, published_contests

PAGE = 24
CONTENT_TYPES = {"mp4": "video/mp4", "jpg": "image/jpeg", "vtt": "text/vtt; charset=utf-8"}


@require_safe
def media(request: HttpRequest, file_id: UUID, name: str) -> HttpResponseBase:
    """One file of a version of a clip: 720.mp4, 480.mp4, poster.jpg, captions.vtt, or the original for saving."""
    file = get_object_or_404(ClipFile.objects.select_related("clip"), pk=file_id)
    if name not in names_for(request.user, file):
        raise Http404
    key = _key_of(file, name)
    if key is None:
        raise Http404
    if name == "original":
        # Saved, never shown: nobody knows what is in it.
        return deliver(
            request, key=key, content_type="application/octet-stream", etag=f"{file.pk}-original", file_name=file.name
        )
    content_type = CONTENT_TYPES[name.rpartition(".")[2]]
    return deliver(request, key=key, content_type=content_type, etag=f"{file.pk}-{name}")


def _key_of(file: ClipFile, name: str) -> str | None:
    """The key of what there is; None for what processing has not made."""
    if name == "original":
        return original_key(file.pk) if file.sha256 else None
    if name == "poster.jpg":
        return poster_key(file.pk) if file.has_poster else None
    if name == "captions.vtt":
        return captions_key(file.pk) if file.has_captions else None
    height = int(name.removesuffix(".mp4"))
    return rendition_key(file.pk, height) if file.renditions.filter(height=height).exists() else None


@require_safe
def script(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The script of a clip, for its unit and for those who screen."""
    clip = get_object_or_404(Clip.objects.select_related("current"), pk=pk)
    if not clip.script or clip.current is None or "original" not in names_for(request.user, clip.current):
        raise Http404
    name = clip.script_name or clip.script.name.rpartition("/")[2]
    return deliver(
        request, key=clip.script.name, content_type="application/octet-stream", etag=f"{clip.pk}", file_name=name
    )


# --- Gallery ----------------------------------------------------------------------------------------


@require_safe
def galleries(request: HttpRequest) -> HttpResponse:
    """The galleries there are; the only one at once."""
    contests = list(published_contests())
    if len(contests) == 1:
        return redirect("clip-gallery", contests[0].contest.slug)
    return render(request, "videos/galleries.html", {"clip_contests": contests})


@require_safe
def gallery(request: HttpRequest, slug: str) -> HttpResponse:
    """The clips of a contest whose result is published, by kind of unit and genre, winners first."""
    clip_contest = get_object_or_404(published_contests(), contest__slug=slug)
    filters = _filters(request)
    page, query = page_of(request, gallery_of(clip_contest, filters), PAGE)
    kinds = gallery_of(clip_contest, Filters()).order_by("unit__kind__name").values_list("unit__kind__name", flat=True)
    context = {
        "contest": clip_contest.contest,
        "clip_contest": clip_contest,
        "page": page,
        "query": query,
        "filters": filters,
        "genres": clip_contest.genres.all(),
        "kinds": list(kinds.distinct()),
    }
    return render(request, "videos/gallery.html", context)


def _filters(request: HttpRequest) -> Filters:
    genre, kind = request.GET.get("genre", ""), request.GET.get("kind", "").replace("\0", "")[:100]
    is_number = genre.isascii() and genre.isdigit() and len(genre) < 18
    return Filters(int(genre) if is_number else None, kind, request.GET.get("winners") == "1")


@require_safe
def published_clip(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A published clip with its player."""
    clip_contest: ClipContest = get_object_or_404(published_contests(), contest__slug=slug)
    clip = get_object_or_404(gallery_of(clip_contest, Filters()), number=number)
    context = {"contest": clip_contest.contest, "clip_contest": clip_contest, "clip": clip}
    return render(request, "videos/published_clip.html", context)
