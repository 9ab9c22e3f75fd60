"""How long what was asked and proposed is kept: as long as somebody may still want to know how it ended."""

from datetime import timedelta

from django.db import transaction

from accounts.clock import server_now
from proposals.models import AccountRequest, Proposal, ProposalState, RequestState, UnitCorrection

ACCOUNT_REQUESTS = timedelta(days=90)
CORRECTIONS = timedelta(days=365)
PROPOSALS = timedelta(days=365)
DRAFTS = timedelta(days=30)


def forget_old_requests() -> int:
    """Delete what has served its time; the trace of what was decided stays. Returns how many. May run twice."""
    now = server_now()
    old = [
        AccountRequest.objects.filter(decided_at__lt=now - ACCOUNT_REQUESTS),
        UnitCorrection.objects.filter(decided_at__lt=now - CORRECTIONS),
        UnitCorrection.objects.filter(state=RequestState.WITHDRAWN, created_at__lt=now - CORRECTIONS),
        Proposal.objects.filter(decided_at__lt=now - PROPOSALS),
        Proposal.objects.filter(state=ProposalState.WITHDRAWN, sent_at__lt=now - PROPOSALS),
        Proposal.objects.filter(state=ProposalState.DRAFT, created_at__lt=now - DRAFTS),
    ]
    with transaction.atomic():
        return sum(rows.delete()[1].get(rows.model._meta.label, 0) for rows in old)
