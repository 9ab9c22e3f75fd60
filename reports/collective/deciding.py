"""Recording what the committee decided about units tied where a prize ends."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.models import User
from accounts.problems import Refused
from accounts.text import nfc
from contest.models import Contest
from reports.collective.ties import ties_of
from reports.models import CollectiveDecision, CollectiveResult, DecisionMethod


def decide_tie(
    *, result: CollectiveResult, units: Sequence[int], method: str, reason: str, actor: User
) -> CollectiveDecision:
    """Give the prizes of one tie to its `units` in this order, once and for all.

    Raises Refused unless they are exactly a tie that waits in the latest version, and a reason is given.
    """
    if method not in DecisionMethod.values:
        raise Refused(_("Hãy chọn bốc thăm hoặc quyết định của Ban Tổ chức."))
    if not reason.strip():
        raise Refused(_("Cần ghi lý do hoặc biên bản bốc thăm."))
    with transaction.atomic():
        contest = Contest.objects.select_for_update(of=("self",)).select_related("unit").get(pk=result.contest_id)
        if contest.collective_results.filter(version__gt=result.version).exists():
            raise Refused(_("Đã có bản mới hơn. Vui lòng xem lại các đơn vị đồng hạng của bản mới nhất."))
        waiting = [tie for tie, decision in ties_of(result) if decision is None]
        tie = next((each for each in waiting if sorted(each.units) == sorted(units)), None)
        if tie is None:
            raise Refused(_("Danh sách phải gồm đúng những đơn vị đồng hạng đang chờ quyết định."))
        decision = CollectiveDecision.objects.create(
            result=result,
            group=tie.group,
            rank=tie.rank,
            prizes=tie.prizes,
            units=list(units),
            method=method,
            reason=nfc(reason).strip(),
            decided_by=actor,
        )
        codes = {unit_id: one["code"] for unit_id, one in tie.rows}
        after = {
            "version": result.version,
            "group": tie.group_name,
            "rank": tie.rank,
            "prizes": tie.prizes,
            "units": [codes[unit_id] for unit_id in units],
            "method": method,
            "reason": decision.reason,
        }
        record_audit(actor=actor, verb="collective.decide_tie", object=contest, after=after)
    return decision
