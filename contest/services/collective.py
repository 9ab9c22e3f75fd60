"""How a contest ranks its units: changed until its first counted round is scheduled, then fixed."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.models import User
from accounts.problems import Refused
from accounts.text import nfc
from contest.collective import faults_of_collective
from contest.models import CollectiveRule, Contest
from contest.models.round import RoundState


def collective_rule_is_fixed(contest: Contest) -> bool:
    """Whether a counted round is scheduled; the trigger in the database asks the same."""
    return contest.rounds.counted().exclude(state=RoundState.DRAFT).exists()


def save_collective_rule(*, contest: Contest, values: Mapping[str, Any], actor: User) -> CollectiveRule:
    """Store the rule with these fields of `CollectiveRule`; its version counts up with every change.

    Raises Refused with everything that does not fit together, and once a counted round is scheduled.
    """
    with transaction.atomic():
        # Scheduling takes the same lock, so a rule cannot change between its check and ours.
        contest = Contest.objects.select_for_update().get(pk=contest.pk)
        if collective_rule_is_fixed(contest):
            raise Refused(_("Đã có tuần thi được lên lịch nên cách xếp hạng tập thể không thay đổi được nữa."))
        rule = CollectiveRule.objects.filter(contest=contest).first() or CollectiveRule(contest=contest)
        before = rule.as_json() if rule.pk else {}
        for name, value in values.items():
            setattr(rule, name, value)
        rule.prizes = [[nfc(title), count] for title, count in rule.prizes]
        faults = faults_of_collective(rule.as_json())
        if faults:
            raise Refused(*faults)
        if rule.as_json() == before:
            return rule
        rule.version += 1 if before else 0
        rule.save()
        record_audit(
            actor=actor, verb="contest.save_collective_rule", object=contest, before=before, after=rule.as_json()
        )
    return rule
