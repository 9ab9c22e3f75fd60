"""Tables of contests: `setup` (contest, its rules), `collective`, `bank` (questions), `round`, `attempt`, `result`."""

from contest.models.attempt import Attempt
from contest.models.bank import Bank, Choice, Question
from contest.models.collective import CollectiveRule
from contest.models.result import Draw, Prize, Standing
from contest.models.round import CloseExtension, Heartbeat, Round, RoundQuestion, RoundUnit
from contest.models.setup import Block, Contest, Ineligibility

__all__ = [
    "Attempt",
    "Bank",
    "Block",
    "Choice",
    "CloseExtension",
    "CollectiveRule",
    "Contest",
    "Draw",
    "Heartbeat",
    "Ineligibility",
    "Prize",
    "Question",
    "Round",
    "RoundQuestion",
    "RoundUnit",
    "Standing",
]
