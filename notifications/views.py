"""Everybody's own messages: the list, a message, and which kinds bring mail."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from notifications.forms import MuteForm
from notifications.models import Notification
from notifications.services import mute_kinds, read_all, read_notification

PAGE_SIZE = 20


@require_safe
@login_required
def messages_list(request: HttpRequest) -> HttpResponse:
    """My messages, the newest first."""
    own = Notification.objects.of(request.user).select_related("announcement")
    page = Paginator(own, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "notifications/list.html", {"page": page})


@require_safe
@login_required
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """One of my messages; opening it is reading it."""
    own = Notification.objects.of(request.user).select_related("announcement")
    notification = get_object_or_404(own, pk=pk)
    read_notification(notification=notification)
    return render(request, "notifications/message.html", {"notification": notification})


@require_POST
@login_required
def read_everything(request: HttpRequest) -> HttpResponse:
    """Mark all of my messages as read."""
    read_all(user=request.user)
    messages.success(request, _("Đã đánh dấu mọi thông báo là đã đọc."))
    return redirect("notifications")


@require_http_methods(["GET", "POST"])
@login_required
def settings_page(request: HttpRequest) -> HttpResponse:
    """Which kinds I want mail about, which address the portal has, and when no mail goes out."""
    muted = list(request.user.mutes.values_list("kind", flat=True))
    form = MuteForm(request.POST if request.method == "POST" else None, muted=muted)
    if form.is_valid():
        mute_kinds(user=request.user, kinds=form.muted_kinds())
        messages.success(request, _("Đã lưu cài đặt thông báo."))
        return redirect("notification-settings")
    context = {"form": form, "quiet_hours": settings.QUIET_HOURS.split("-"), "mail_enabled": settings.MAIL_ENABLED}
    return render(request, "notifications/settings.html", context)
