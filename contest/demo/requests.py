"""Requests and proposals that wait in the demo, so that the coordinator's and the organisers' pages show some."""

from datetime import timedelta

from contest.demo.dice import Dice
from contest.demo.names import person_name
from contest.demo.people import DemoPerson
from contest.demo.plan import Plan
from contest.demo.units import ROOT_ID, DemoUnit
from proposals.models import (
    AccountRequest,
    HeadcountRow,
    Proposal,
    ProposalKind,
    ProposalState,
    RequestState,
    StaffRow,
    UnitCorrection,
)

_ISSUER = "https://dang-nhap.example.vn"


def write_requests(plan: Plan, units: list[DemoUnit], people: list[DemoPerson]) -> None:
    """A stranger, somebody in the wrong unit, two new colleagues and a headcount, all of the coordinator's unit."""
    dice = plan.dice("requests")
    coordinator = next(person for person in people if person.role == "coordinator")
    unit = next(unit for unit in units if unit.id == coordinator.unit)
    number = len(people)
    stranger = person_name(dice)
    AccountRequest.objects.create(
        state=RequestState.WAITING,
        created_at=plan.at - timedelta(hours=5),
        provider="sso",
        issuer=_ISSUER,
        subject=plan.secret("stranger").hex()[:32],
        told_employee_id=f"CB{number + 1:06}",
        told_full_name=stranger,
        employee_id=f"CB{number + 1:06}",
        full_name=stranger,
        unit_id=unit.id,
        unit_text=unit.name,
        note="Mới tuyển dụng",
    )
    _write_correction(plan, unit, people)
    _write_proposals(plan, dice, unit, coordinator, number)


def _write_correction(plan: Plan, unit: DemoUnit, people: list[DemoPerson]) -> None:
    """Somebody of another unit who says that they belong to the coordinator's."""
    elsewhere = next(
        (p for p in people if p.unit not in (unit.id, ROOT_ID) and p.position == "Chuyên viên" and not p.role), None
    )
    if elsewhere is None:
        return
    UnitCorrection.objects.create(
        user_id=elsewhere.id,
        from_unit_id=elsewhere.unit,
        to_unit_id=unit.id,
        note="Chuyển công tác theo quyết định điều động",
        state=RequestState.WAITING,
        created_at=plan.at - timedelta(hours=3),
    )


def _write_proposals(plan: Plan, dice: Dice, unit: DemoUnit, coordinator: DemoPerson, number: int) -> None:
    sent = {"unit_id": unit.id, "proposer_id": coordinator.id, "state": ProposalState.SENT}
    staff = Proposal.objects.create(
        kind=ProposalKind.STAFF, note="Tuyển dụng mới", created_at=plan.at - timedelta(hours=26),
        sent_at=plan.at - timedelta(hours=26), **sent,
    )  # fmt: skip
    StaffRow.objects.bulk_create(
        StaffRow(
            proposal=staff, number=place, employee_id=f"CB{number + 1 + place:06}", full_name=person_name(dice),
            unit_code=unit.code, position="Chuyên viên",
        )
        for place in (1, 2)
    )  # fmt: skip
    headcounts = Proposal.objects.create(
        kind=ProposalKind.HEADCOUNTS, note="Giao biên chế bổ sung", created_at=plan.at - timedelta(hours=2),
        sent_at=plan.at - timedelta(hours=2), **sent,
    )  # fmt: skip
    HeadcountRow.objects.create(proposal=headcounts, number=1, unit_id=unit.id, headcount=(unit.headcount or 0) + 2)
