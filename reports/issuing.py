"""The issuing body (cơ quan ban hành) of a contest's official documents, and what stands there until it is set."""

from typing import Any

from django.db import transaction

from accounts.audit import record_audit
from accounts.models import Unit, User
from contest.models import Contest
from reports.models import IssuingBody

# What precedes the place in the names of bodies: "Ủy ban nhân dân tỉnh An Giang" is issued in An Giang.
BEFORE_PLACE = ("thành phố", "tỉnh", "phường", "xã", "đặc khu", "huyện", "quận", "thị xã")
FIELDS = tuple(field.name for field in IssuingBody._meta.concrete_fields if field.name not in ("id", "contest"))


def issuing_body_of(contest: Contest) -> IssuingBody:
    """The contest's issuing body; not stored as long as nobody has set it."""
    return IssuingBody.objects.filter(contest=contest).first() or default_for(contest)


def default_for(contest: Contest) -> IssuingBody:
    """What the contest's unit tells. Documents are Vietnamese in every language, so nothing here asks gettext."""
    organiser = _as_body(contest.unit.name)
    return IssuingBody(
        contest=contest,
        superior=organiser,
        name="Ban Tổ chức Hội thi",
        place=place_in(contest.unit.name),
        report_symbol="BC-BTC",
        decision_symbol="QĐ-BTC",
        minutes_symbol="BB-BTC",
        authority="TM. Ban Tổ chức",
        decides="Trưởng ban Tổ chức Hội thi",
        signer_title="Trưởng ban",
        second_title="Thư ký",
        legal_bases="\n".join(
            (
                f"Căn cứ Thể lệ {contest.title};",
                "Căn cứ kết quả chấm điểm, xếp hạng trên hệ thống thi trực tuyến;",
                "Theo đề nghị của Thư ký Ban Tổ chức Hội thi.",
            )
        ),
        recipients="\n".join((f"- {organiser} (để báo cáo);", "- Các đơn vị dự thi;", "- Lưu: VT, BTC.")),
    )


def default_for_unit(contest: Contest, unit: Unit) -> IssuingBody:
    """For the report that a department draws up for itself: the department issues it."""
    body = default_for(contest)
    body.superior = unit.parent.name if unit.parent else ""
    body.name = unit.name
    body.report_symbol, body.authority, body.signer_title = "BC", "", "Thủ trưởng đơn vị"
    body.recipients = "- Ban Tổ chức Hội thi;\n- Lưu: VT."
    return body


def _as_body(name: str) -> str:
    """A province or town that organises does so through its People's Committee."""
    return f"Ủy ban nhân dân {name[0].lower()}{name[1:]}" if name.startswith(("Tỉnh ", "Thành phố ")) else name


def place_in(name: str) -> str:
    """The place in the name of a body: what follows the last word for a kind of place; else the whole name."""
    found = [(name.lower().rfind(f"{word} "), word) for word in BEFORE_PLACE]
    at, word = max(found)
    return name[at + len(word) :].strip() if at >= 0 else name


def save_issuing_body(*, body: IssuingBody, actor: User) -> IssuingBody:
    """Store the settings with a trace of what changed; nothing is written when nothing has."""
    with transaction.atomic():
        Contest.objects.select_for_update().get(pk=body.contest_id)  # two first savings at once
        stored = IssuingBody.objects.filter(contest=body.contest_id).first()
        body.pk = stored.pk if stored else None
        before, after = (_as_json(stored) if stored else {}), _as_json(body)
        changed = [name for name in FIELDS if before.get(name) != after[name]]
        if changed:
            body.save()
            record_audit(
                actor=actor,
                verb="issuing_body.edit",
                object=body,
                before={name: before[name] for name in changed if before},
                after={name: after[name] for name in changed},
            )
    return body


def _as_json(body: IssuingBody) -> dict[str, Any]:
    return {name: getattr(body, name) for name in FIELDS}
