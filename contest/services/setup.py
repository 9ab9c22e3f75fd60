"""Setting a contest up: its rules, whether the public sees it, blocks, people outside the ranking, headcounts."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.audit import record_audit
from accounts.clock import server_now
from accounts.models import Membership, Unit, UnitKind, User
from accounts.problems import Refused
from accounts.text import nfc
from contest.models import Block, CollectiveRule, Contest, Ineligibility, Round
from contest.models.round import RoundState
from contest.rules import SETTINGS, faults_of, settings_of
from contest.services.content import units_taking_part
from contest.services.rounds import lock_draft

_IDENTITY = ("slug", "title", "unit_id", "introduction")
# What a scheduled round's record and reports already rest on.
_FIXED = {"slug": gettext_noop("tên rút gọn"), "unit_id": gettext_noop("đơn vị tổ chức")}


# --- The contest ------------------------------------------------------------------------------------


def save_contest(*, contest: Contest, actor: User) -> Contest:
    """Store a new contest with the usual collective ranking, or the changed settings of one.

    Rounds already scheduled keep theirs. Raises Refused with everything that does not fit together; then nothing has
    been written.
    """
    with transaction.atomic():
        before = _stored(contest)
        reasons = [fault.message for fault in faults_of(settings_of(contest))]
        if before and contest.rounds.exclude(state=RoundState.DRAFT).exists():
            reasons += [
                _("Đã có tuần thi được lên lịch nên không đổi được %(name)s.") % {"name": _(name)}
                for field, name in _FIXED.items()
                if before[field] != _plain(getattr(contest, field))
            ]
        if reasons:
            raise Refused(*reasons)
        contest.save()
        if not before:
            CollectiveRule.objects.create(contest=contest)
        after = _as_json(contest)
        changed = [name for name in after if after[name] != before.get(name)]
        if changed:
            record_audit(
                actor=actor,
                verb="contest.edit" if before else "contest.create",
                object=contest,
                before={name: before[name] for name in changed if before},
                after={name: after[name] for name in changed},
            )
    return contest


def _stored(contest: Contest) -> dict[str, Any]:
    """The contest as it is in the database, locked; empty for a new one."""
    stored = Contest.objects.select_for_update().filter(pk=contest.pk).first() if contest.pk else None
    return _as_json(stored) if stored else {}


def _as_json(contest: Contest) -> dict[str, Any]:
    return {name: _plain(getattr(contest, name)) for name in (*_IDENTITY, *SETTINGS)}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int, str, list)) else str(value)


def show_contest(*, contest: Contest, actor: User) -> None:
    """Let the public see the contest."""
    _set_public(contest, True, actor, "contest.show")


def hide_contest(*, contest: Contest, actor: User) -> None:
    """Take the contest out of the public's sight. Raises Refused while one of its rounds is open."""
    with transaction.atomic():
        if contest.rounds.open_at(server_now()).exists():
            raise Refused(_("Đang có tuần thi mở: ẩn hội thi lúc này sẽ làm gián đoạn người đang làm bài."))
        _set_public(contest, False, actor, "contest.hide")


def _set_public(contest: Contest, is_public: bool, actor: User, verb: str) -> None:
    with transaction.atomic():
        if Contest.objects.filter(pk=contest.pk, is_public=not is_public).update(is_public=is_public):
            record_audit(actor=actor, verb=verb, object=contest)


# --- Blocks -----------------------------------------------------------------------------------------


def save_block(*, block: Block, kinds: Iterable[UnitKind], actor: User) -> Block:
    """Store a new or changed block with the kinds of unit that belong to it. Raises Refused."""
    with transaction.atomic():
        contest = Contest.objects.select_for_update().get(pk=block.contest_id)
        stored = contest.blocks.filter(pk=block.pk).first() if block.pk else None
        kind_ids = {kind.pk for kind in kinds}
        reasons = _against_block(contest, block, stored, kind_ids)
        if reasons:
            raise Refused(*reasons)
        before = _block_as_json(stored) if stored else {}
        block.code, block.name = nfc(block.code), nfc(block.name)
        block.save()
        block.kinds.set(kind_ids)
        after = _block_as_json(block)
        if after != before:
            record_audit(actor=actor, verb="contest.save_block", object=block, before=before, after=after)
    return block


def _against_block(contest: Contest, block: Block, stored: Block | None, kind_ids: set[int]) -> list[str]:
    reasons = []
    others = contest.blocks.exclude(pk=block.pk)
    if others.filter(code=nfc(block.code)).exists():
        reasons.append(_("Mã bảng %(code)s đã có.") % {"code": block.code})
    taken = UnitKind.objects.filter(pk__in=kind_ids, block__in=others).distinct()
    reasons += [_("Loại đơn vị “%(kind)s” đã thuộc bảng khác.") % {"kind": kind} for kind in taken]
    if stored is None:
        return reasons
    if stored.code != nfc(block.code) and _used_in(contest, stored.code):
        reasons.append(_("Mã bảng đã dùng trong một tuần thi nên không đổi được."))
    if set(stored.kinds.values_list("pk", flat=True)) != kind_ids and _is_running(contest):
        reasons.append(_("Đang có tuần thi đã lên lịch hoặc đang mở: chưa thể đổi loại đơn vị của bảng."))
    return reasons


def _used_in(contest: Contest, code: str) -> bool:
    return contest.rounds.filter(blocks__contains=[code]).exists()


def _is_running(contest: Contest) -> bool:
    return contest.rounds.counted().filter(state=RoundState.SCHEDULED).exists()


def _block_as_json(block: Block) -> dict[str, Any]:
    return {"code": block.code, "name": block.name, "kinds": [kind.name for kind in block.kinds.all()]}


def delete_block(*, block: Block, actor: User) -> None:
    """Delete a block that no scheduled round rests on. Raises Refused."""
    with transaction.atomic():
        contest = Contest.objects.select_for_update().get(pk=block.contest_id)
        if _used_in(contest, block.code):
            raise Refused(_("Bảng đã dùng trong một tuần thi nên không xóa được."))
        record_audit(actor=actor, verb="contest.delete_block", object=block, before=_block_as_json(block))
        block.delete()


# --- People outside the ranking ---------------------------------------------------------------------


def exclude_people(*, contest: Contest, employee_ids: Iterable[str], reason: str, actor: User) -> int:
    """Let these people take part without ever being ranked; returns how many are new.

    All or nothing: raises Refused naming every id that is nobody's in the contest's units.
    """
    wanted = list(dict.fromkeys(text for text in map(str.strip, employee_ids) if text))
    reasons = []
    if not wanted:
        reasons.append(_("Cần ít nhất một mã nhân viên."))
    if not reason.strip():
        reasons.append(_("Cần ghi lý do."))
    members = Membership.objects.current().filter(unit__in=Unit.objects.at_or_below([contest.unit_id]))
    people = {
        user.employee_id: user for user in User.objects.filter(employee_id__in=wanted, pk__in=members.values("user_id"))
    }
    reasons += [
        _("Không có ai mang mã nhân viên %(id)s trong các đơn vị của hội thi.") % {"id": employee_id}
        for employee_id in wanted
        if employee_id not in people
    ]
    if reasons:
        raise Refused(*reasons)
    with transaction.atomic():
        held = set(contest.ineligibilities.select_for_update().values_list("user_id", flat=True))
        new = [user for user in people.values() if user.pk not in held]
        Ineligibility.objects.bulk_create(
            [Ineligibility(contest=contest, user=user, reason=reason.strip()) for user in new], ignore_conflicts=True
        )
        if new:
            record_audit(
                actor=actor,
                verb="contest.exclude_people",
                object=contest,
                after={"employee_ids": [user.employee_id for user in new], "reason": reason.strip()},
            )
    return len(new)


def readmit_person(*, ineligibility: Ineligibility, actor: User) -> None:
    """Let a person be ranked again, from the next ranking on."""
    with transaction.atomic():
        record_audit(
            actor=actor,
            verb="contest.readmit_person",
            object=ineligibility.contest,
            before={"employee_id": ineligibility.user.employee_id, "reason": ineligibility.reason},
        )
        ineligibility.delete()


# --- Headcounts -------------------------------------------------------------------------------------


def set_headcounts(*, round: Round, headcounts: Mapping[int, int | None], actor: User) -> int:
    """Set the declared headcount of units taking part in a draft, by unit id; returns how many changed.

    Scheduling locks them for the round. Raises Refused for a scheduled round or a unit of another contest.
    """
    with transaction.atomic():
        round = lock_draft(round)
        # Locked by id: a query with EXISTS and a recursive part is no place for a row lock.
        allowed = set(units_taking_part(round).filter(pk__in=headcounts).values_list("pk", flat=True))
        if allowed != set(headcounts):
            raise Refused(_("Có đơn vị không tham gia tuần thi này."))
        units = Unit.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=allowed).order_by("pk")
        changed = [unit for unit in units if unit.headcount != headcounts[unit.pk]]
        for unit in changed:
            before, unit.headcount = unit.headcount, headcounts[unit.pk]
            unit.save(update_fields=["headcount"])
            record_audit(
                actor=actor,
                verb="unit.set_headcount",
                object=unit,
                before={"headcount": before},
                after={"headcount": unit.headcount},
            )
    return len(changed)
