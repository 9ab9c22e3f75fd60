"""The full edition of a round's record as one file: it tells units, which the public one does not."""

import tempfile
import zipfile
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.models import User
from accounts.problems import Refused
from accounts.rights import Right, has_over
from contest.models import Round
from contest.record import FILES, sole_builder, write_record


def may_have_full_record(user: User, round: Round) -> bool:
    """After publication, or once ranked for those who see results early: the record holds everybody's scores."""
    if round.is_practice or not has_over(user, Right.FULL_RECORD, round.contest.unit_id):
        return False
    early = round.has_result and has_over(user, Right.READ_EARLY_RESULTS, round.contest.unit_id)
    return round.is_published or early


def pack_full_record(*, round: Round, actor: User) -> IO[bytes]:
    """A ZIP file of the full record, at its start; it is gone when closed. Leaves a trace.

    Raises NoRecord, or Refused while the round's record is being written by somebody else.
    """
    settings.RECORD_DIR.mkdir(parents=True, exist_ok=True)
    with sole_builder(round) as is_sole, tempfile.TemporaryDirectory(dir=settings.RECORD_DIR) as directory:
        if not is_sole:
            raise Refused(_("Hồ sơ của tuần thi đang được lập. Vui lòng thử lại sau ít phút."))
        result_hash = write_record(round, Path(directory), full=True)
        packed = tempfile.TemporaryFile(dir=settings.RECORD_DIR)  # noqa: SIM115 - whoever asked closes it
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in FILES:
                archive.write(Path(directory) / name, name)
    with transaction.atomic():
        after = {"edition": "full", "version": round.version, "result_hash": result_hash}
        record_audit(actor=actor, verb="record.export", object=round, after=after)
    packed.seek(0)
    return packed
