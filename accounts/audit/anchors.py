"""Anchors: small files that know a point of the chain. Kept elsewhere, they prove what came before that point."""

import json
import logging
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from accounts.audit import record_audit
from accounts.clock import iso
from accounts.models import AuditSeal, User

logger = logging.getLogger(__name__)

KIND = "cchc-audit-anchor"
FORMAT = 1


class NoAnchor(Exception):
    """There is nothing to anchor yet, or a file is none; the text says which, for people."""


@dataclass(frozen=True)
class Anchor:
    """Seal number `seal` has this digest, was made `at`, and `count` entries are sealed up to it."""

    seal: int
    digest: str
    count: int
    at: str

    def as_text(self) -> str:
        return json.dumps({"kind": KIND, "format": FORMAT, **asdict(self)}, indent=2) + "\n"


def present_anchor() -> Anchor:
    """The head of the chain as it is now. Raises NoAnchor before the first seal."""
    seal = AuditSeal.objects.order_by("number").last()
    if seal is None:
        raise NoAnchor("nothing has been sealed yet")
    count = AuditSeal.objects.filter(number__lte=seal.number).aggregate(entries=Sum("count"))["entries"]
    return Anchor(seal.number, seal.digest, count, iso(seal.sealed_at))


def take_anchor(*, actor: User | None) -> Anchor:
    """The present anchor, for somebody to keep, with a trace that they have it. Raises NoAnchor."""
    with transaction.atomic():
        anchor = present_anchor()
        seal = AuditSeal.objects.get(pk=anchor.seal)
        record_audit(actor=actor, verb="audit.take_anchor", object=seal, after={"digest": anchor.digest})
    return anchor


def read_anchor(text: str) -> Anchor:
    """The anchor in a file's text. Raises NoAnchor."""
    try:
        value: Any = json.loads(text)
        if (value["kind"], value["format"]) != (KIND, FORMAT):
            raise NoAnchor("not an anchor of this portal, or of another format")
        anchor = Anchor(value["seal"], value["digest"], value["count"], value["at"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise NoAnchor("not an anchor file") from None
    if not isinstance(anchor.seal, int) or not isinstance(anchor.digest, str) or anchor.seal < 1:
        raise NoAnchor("not an anchor file")
    return anchor


def write_anchor(anchor: Anchor, target: Path) -> None:
    """Write the file, whole or not at all. Raises OSError."""
    aside = target.with_name(f".{target.name}.part")
    aside.write_text(anchor.as_text())
    aside.replace(target)


def keep_anchor(day: date) -> None:
    """Write the present anchor into ANCHOR_DIR as that of `day`, if anything has been sealed. Raises OSError."""
    directory = Path(settings.ANCHOR_DIR)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        write_anchor(present_anchor(), directory / f"audit-{day}.json")
    except NoAnchor:
        return


def kept_anchors() -> list[Anchor]:
    """The anchors in ANCHOR_DIR. A file that is none is told of in the log."""
    anchors = []
    for path in sorted(Path(settings.ANCHOR_DIR).glob("audit-*.json")):
        try:
            anchors.append(read_anchor(path.read_text()))
        except (NoAnchor, OSError, UnicodeDecodeError) as error:
            logger.error("%s: %s", path.name, error)
    return anchors
