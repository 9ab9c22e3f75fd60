"""What people ask to have changed on the roster, and what coordinators propose."""

from proposals.models.proposals import HeadcountRow, Proposal, ProposalKind, ProposalState, StaffRow
from proposals.models.requests import AccountRequest, RequestState, UnitCorrection

__all__ = [
    "AccountRequest",
    "HeadcountRow",
    "Proposal",
    "ProposalKind",
    "ProposalState",
    "RequestState",
    "StaffRow",
    "UnitCorrection",
]
