"""Pages of those who run the portal: the words of messages, and what became of mails.

Texts and mails belong to the whole portal, so only those whose scope holds a root unit get in; others meet 404.
"""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.problems import Refused
from accounts.rights import Right, has_everywhere
from notifications.forms import TextForm
from notifications.mail import mail_figures
from notifications.models import MessageText, Notification
from notifications.services import own_or_standard, preview_of, reset_text, retry_mail, save_text
from notifications.texts import STANDARD, StandardText

PAGE_SIZE = 50


def require_everywhere(request: HttpRequest, right: Right) -> None:
    """Raises Http404 unless the person has the right over a root unit."""
    if not has_everywhere(request.user, right):
        raise Http404


@require_safe
@login_required
def texts(request: HttpRequest) -> HttpResponse:
    """Every message, and whether the organisers have their own words for it."""
    require_everywhere(request, Right.EDIT_CONTESTS)
    own = {text.name: text for text in MessageText.objects.select_related("changed_by")}
    rows = [{"standard": standard, "own": own.get(name)} for name, standard in STANDARD.items()]
    return render(request, "notifications/manage_texts.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@login_required
def text(request: HttpRequest, name: str) -> HttpResponse:
    """Change the words of a message, or look at how they read before saving them."""
    require_everywhere(request, Right.EDIT_CONTESTS)
    standard = _standard(name)
    stored = own_or_standard(name)
    initial = {"subject": stored.subject, "body": stored.body}
    form = TextForm(request.POST if request.method == "POST" else None, standard=standard, initial=initial)
    words = initial
    if form.is_valid():
        words = form.cleaned_data
        if "preview" not in request.POST and _saved(request, form, name):
            return redirect("manage-message", name)
    context = {"form": form, "standard": standard, "is_own": isinstance(stored, MessageText)}
    return render(request, "notifications/manage_text.html", context | {"preview": _preview(form, name, words)})


def _standard(name: str) -> StandardText:
    if name not in STANDARD:
        raise Http404
    return STANDARD[name]


def _saved(request: HttpRequest, form: TextForm, name: str) -> bool:
    try:
        save_text(name=name, actor=request.user, **form.cleaned_data)
    except Refused as refused:
        form.add_error(None, [str(reason) for reason in refused.reasons])
        return False
    messages.success(request, _("Đã lưu mẫu thông báo."))
    return True


def _preview(form: TextForm, name: str, words: dict[str, Any]) -> dict[str, str] | None:
    """The words with samples filled in; None, with the reason in the form, when they cannot be filled in."""
    try:
        subject, body = preview_of(name, words["subject"], words["body"])
    except Refused as refused:
        if not form.non_field_errors():
            form.add_error(None, [str(reason) for reason in refused.reasons])
        return None
    return {"subject": subject, "body": body}


@require_POST
@login_required
def text_reset(request: HttpRequest, name: str) -> HttpResponse:
    """Go back to the portal's own words."""
    require_everywhere(request, Right.EDIT_CONTESTS)
    reset_text(name=_standard(name).name, actor=request.user)
    messages.success(request, _("Đã dùng lại mẫu của cổng thông tin."))
    return redirect("manage-message", name)


@require_safe
@login_required
def mail(request: HttpRequest) -> HttpResponse:
    """How many mails wait and went, and those that did not or perhaps did not arrive. No word of what they say."""
    require_everywhere(request, Right.WATCH_MAIL)
    rows = Notification.objects.uncertain().select_related("user").order_by("mail_state", "-id")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "figures": mail_figures(), "mail_enabled": settings.MAIL_ENABLED}
    return render(request, "notifications/manage_mail.html", context | {"per_minute": settings.MAIL_PER_MINUTE})


@require_POST
@login_required
def mail_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a mail again that failed, or perhaps did."""
    require_everywhere(request, Right.WATCH_MAIL)
    notification = get_object_or_404(Notification.objects.uncertain(), pk=pk)
    try:
        retry_mail(notification=notification, actor=request.user)
    except Refused as refused:
        messages.error(request, str(refused.detail))
    else:
        messages.success(request, _("Thư sẽ được gửi lại."))
    return redirect("manage-mail")
