"""Pages of a contest: the dashboard, its settings and blocks, and whether the public sees it."""

from copy import copy
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.clock import server_now
from accounts.models import Unit
from accounts.problems import Refused
from accounts.rights import Right, rights_everywhere, rights_of, units_with
from contest.manage.access import carried_out, contest_for, mark_may_act, require
from contest.manage.forms import BlockForm, ContestForm
from contest.manage.steps import next_step, steps_of, with_what_steps_need
from contest.manage.wording import settings_in_words
from contest.models import Block, Contest, Round
from contest.models.round import RoundState
from contest.rules import cautions_of, settings_of
from contest.services.setup import delete_block, hide_contest, save_block, save_contest, show_contest
from proposals.inbox import Waiting, to_decide


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """My contests with each round's state and what is to be done, most urgent first."""
    rights = rights_of(request.user)
    if rights.isdisjoint({Right.READ_RESULTS, Right.GRANT_ROLES}):
        raise Http404
    units = units_with(request.user, Right.READ_RESULTS)
    rounds = with_what_steps_need(Round.objects.select_related("contest")).order_by("number")
    contests = list(
        Contest.objects.organised_in(units)
        .select_related("unit")
        .prefetch_related(Prefetch("rounds", rounds, to_attr="round_list"))
    )
    mark_may_act(request, contests)
    now = server_now()
    for contest in contests:
        _mark_steps(contest.round_list, now)
        contest.todo = steps_of(contest) if contest.may_act else []
    return render(
        request,
        "manage/home.html",
        {
            "contests": contests,
            "may_create": Right.EDIT_CONTESTS in rights,
            "links": _shared_pages(rights, rights_everywhere(request.user)),
            "waiting": _waiting(request) if Right.DECIDE_REQUESTS in rights else None,
        },
    )


def _waiting(request: HttpRequest) -> Waiting:
    return to_decide(units_with(request.user, Right.DECIDE_REQUESTS), user=request.user)


def _mark_steps(rounds: list[Round], now: datetime) -> None:
    for round in rounds:
        round.state_now, round.step = round.state_at(now), next_step(round, now)


def _shared_pages(rights: set[Right], everywhere: set[Right]) -> list[dict[str, Any]]:
    """Pages beside the contests, for those who may see them; those of the whole portal by rights `everywhere`."""
    of_units = [
        ("report-dashboard", "chart", _("Bảng điều hành"), _("Tham gia từng giờ và qua các tuần"), Right.SEE_COUNTS),
        ("manage-clip-contests", "list", _("Thi video"), _("Nhận, rà soát, chấm video"), Right.READ_CLIP_CONTESTS),
        ("manage-banks", "list", _("Ngân hàng câu hỏi"), _("Soạn, tìm và sửa câu hỏi"), Right.READ_CONTESTS),
        ("manage-import-units", "building", _("Nhập đơn vị"), _("Từ tệp CSV hoặc XLSX"), Right.IMPORT_ROSTER),
        ("manage-import-staff", "users", _("Nhập nhân sự"), _("Từ tệp CSV hoặc XLSX"), Right.IMPORT_ROSTER),
        ("manage-import-questions", "upload", _("Nhập câu hỏi"), _("Từ tệp CSV hoặc XLSX"), Right.EDIT_CONTESTS),
        ("manage-audit", "list", _("Nhật ký thao tác"), _("Ai đã làm gì, lúc nào"), Right.READ_AUDIT),
        ("manage-roles", "shield", _("Vai trò"), _("Cấp và thu hồi vai trò"), Right.GRANT_ROLES),
        ("manage-tokens", "lock", _("Mã truy cập API"), _("Mã đang dùng, thu hồi"), Right.MANAGE_PEOPLE),
        ("manage-people", "users", _("Người dùng"), _("Khóa tài khoản, phiên đăng nhập"), Right.MANAGE_PEOPLE),
        (
            "manage-data-requests",
            "lock",
            _("Dữ liệu cá nhân"),
            _("Trả lời yêu cầu, xóa dữ liệu"),
            Right.DECIDE_REQUESTS,
        ),
    ]
    of_the_portal = [
        ("manage-messages", "bell", _("Mẫu thông báo"), _("Lời của thông báo và thư"), Right.EDIT_CONTESTS),
        ("manage-mail", "bell", _("Tình trạng gửi thư"), _("Thư chờ gửi và không gửi được"), Right.WATCH_MAIL),
    ]
    return _offered(of_units, rights) + _offered(of_the_portal, everywhere)


def _offered(pages: list[tuple[str, str, str, str, Right]], rights: set[Right]) -> list[dict[str, Any]]:
    return [
        {"url": reverse(name), "icon": icon, "label": label, "text": text}
        for name, icon, label, text, right in pages
        if right in rights
    ]


@require_http_methods(["GET", "POST"])
@login_required
def create(request: HttpRequest) -> HttpResponse:
    """A new contest of a unit in the organiser's scope."""
    units = require(request, Right.EDIT_CONTESTS)
    return _edit(request, Contest(), units, {"contest": None})


@require_http_methods(["GET", "POST"])
@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The settings. Rounds already scheduled keep those they froze, and are named."""
    contest = contest_for(request, pk, right=Right.EDIT_CONTESTS)
    frozen = contest.rounds.exclude(state=RoundState.DRAFT).only("title", "number")
    units = units_with(request.user, Right.EDIT_CONTESTS)
    # The form works on a copy: what is refused must not show in the frame of the page.
    return _edit(request, copy(contest), units, {"contest": contest, "frozen": list(frozen)})


def _edit(request: HttpRequest, contest: Contest, units: QuerySet[Unit], context: dict[str, Any]) -> HttpResponse:
    form = ContestForm(request.POST or None, instance=contest, units=units)
    if form.is_valid():
        try:
            saved = save_contest(contest=form.instance, actor=request.user)
        except Refused as refused:
            form.add_error(None, [str(reason) for reason in refused.reasons])
        else:
            messages.success(request, _("Đã lưu hội thi."))
            for caution in cautions_of(settings_of(saved)):
                messages.warning(request, caution)
            return redirect("manage-contest", saved.pk)
    return render(request, "manage/contest_form.html", {"form": form, **context})


@require_safe
@login_required
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The contest: its rounds, and all settings in words."""
    contest = contest_for(request, pk)
    rounds = list(with_what_steps_need(contest.rounds.select_related("contest")).order_by("number"))
    _mark_steps(rounds, server_now())
    return render(
        request,
        "manage/contest.html",
        {
            "contest": contest,
            "rounds": rounds,
            "tab": "overview",
            "settings": settings_in_words(contest),
            "cautions": cautions_of(settings_of(contest)),
            "has_practice": any(round.is_practice for round in rounds),
        },
    )


@require_POST
@login_required
def visibility(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the contest to the public, or hide it."""
    contest = contest_for(request, pk)
    if request.POST.get("visible") == "1":
        carried_out(request, _("Hội thi đã hiển thị công khai."), show_contest, contest=contest)
    else:
        carried_out(request, _("Hội thi đã được ẩn."), hide_contest, contest=contest)
    return redirect("manage-contest", pk)


@require_http_methods(["GET", "POST"])
@login_required
def blocks(request: HttpRequest, pk: int) -> HttpResponse:
    """All blocks of the contest, and a form for one more."""
    contest = contest_for(request, pk)
    form = BlockForm(request.POST or None, instance=Block(contest=contest))
    if _saved_block(request, form):
        return redirect("manage-blocks", pk)
    rows = contest.blocks.prefetch_related("kinds")
    return render(
        request,
        "manage/blocks.html",
        {
            "contest": contest,
            "blocks": rows,
            "form": form,
            "tab": "blocks",
        },
    )


@require_http_methods(["GET", "POST"])
@login_required
def block(request: HttpRequest, pk: int, block_pk: int) -> HttpResponse:
    """Change a block."""
    contest = contest_for(request, pk, right=Right.EDIT_CONTESTS)
    stored = get_object_or_404(contest.blocks, pk=block_pk)
    form = BlockForm(request.POST or None, instance=stored)
    if _saved_block(request, form):
        return redirect("manage-blocks", pk)
    return render(
        request, "manage/block_form.html", {"contest": contest, "block": stored, "form": form, "tab": "blocks"}
    )


def _saved_block(request: HttpRequest, form: BlockForm) -> bool:
    if not form.is_valid():
        return False
    return carried_out(
        request, _("Đã lưu bảng thi."), save_block, block=form.instance, kinds=form.cleaned_data["kinds"]
    )


@require_POST
@login_required
def block_delete(request: HttpRequest, pk: int, block_pk: int) -> HttpResponse:
    """Delete a block that no round rests on."""
    contest = contest_for(request, pk)
    stored = get_object_or_404(contest.blocks, pk=block_pk)
    carried_out(request, _("Đã xóa bảng thi."), delete_block, block=stored)
    return redirect("manage-blocks", pk)
