"""How much waits for somebody: for an organiser to decide, for a coordinator to speak about."""

from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import Unit, User
from proposals.models import AccountRequest, Proposal, RequestState, UnitCorrection


@dataclass(frozen=True, slots=True)
class Waiting:
    """Numbers of open requests by kind."""

    accounts: int
    corrections: int
    proposals: int = 0

    @property
    def total(self) -> int:
        return self.accounts + self.corrections + self.proposals


def to_decide(units: QuerySet[Unit], *, user: User) -> Waiting:
    """What waits for a decision within `units`; those that a coordinator is to speak about first count too."""
    return Waiting(
        accounts=AccountRequest.objects.for_units(units).open().count(),
        corrections=UnitCorrection.objects.within(units).open().exclude(user=user).count(),
        proposals=Proposal.objects.for_units(units).sent().exclude(proposer=user).count(),
    )


def to_recommend(units: QuerySet[Unit], *, user: User) -> tuple[list[AccountRequest], list[UnitCorrection]]:
    """What waits for a word of the coordinators of `units`, oldest first."""
    accounts = AccountRequest.objects.filter(unit__in=units, state=RequestState.WAITING).select_related("unit")
    corrections = UnitCorrection.objects.touching(units).filter(state=RequestState.WAITING).exclude(user=user)
    return (
        list(accounts.order_by("pk")),
        list(corrections.select_related("user", "from_unit", "to_unit").order_by("pk")),
    )
