"""What organisers do with a ranked round: publish, draw lots, make final."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import server_now
from accounts.models import User
from accounts.problems import Refused
from accounts.queue import prompt
from contest.models import Draw, Round, Standing
from contest.models.round import RESULT_STATES, RoundState
from contest.models.setup import Wins
from contest.ranking import Tie
from contest.services.prizes import award_prizes, decide_prizes, earlier_winners

BUILD_TASK = "contest.tasks.build_public_records"


def undrawn_ties(round: Round) -> list[Tie]:
    """Ties that cross the end of a prize and for which no lots have been drawn."""
    return decide_prizes(round)[1] if round.has_result else []


def publish_round(*, round: Round, actor: User) -> Round:
    """Make the ranked result public, as provisional. Raises Refused when the round is not ranked."""
    with transaction.atomic():
        round = Round.objects.select_for_update().get(pk=round.pk)
        if round.state != RoundState.RANKED:
            raise Refused(_("Chỉ công bố được kết quả của tuần thi đã xếp hạng."))
        round.state, round.published_at = RoundState.PUBLISHED, server_now()
        round.save(update_fields=["state", "published_at"])
        record_audit(actor=actor, verb="round.publish", object=round, after={"version": round.version})
        prompt(BUILD_TASK)
    return round


def finalise_round(*, round: Round, actor: User) -> Round:
    """Make the published result final. Raises Refused while lots are still to be drawn.

    Prizes given anew on the way stay so even then: the lots to be drawn may be about them.
    """
    with transaction.atomic():
        round = Round.objects.select_for_update().get(pk=round.pk)
        if round.state != RoundState.PUBLISHED:
            raise Refused(_("Chỉ chốt được kết quả đã công bố."))
        _settle_exclusions(round, actor)
        ties = undrawn_ties(round)
        if not ties:
            round.state, round.finalised_at = RoundState.FINAL, server_now()
            round.save(update_fields=["state", "finalised_at"])
            record_audit(actor=actor, verb="round.finalise", object=round, after={"version": round.version})
            prompt(BUILD_TASK)
    if ties:
        raise Refused(*(_need_of_lots(tie) for tie in ties))
    return round


def _settle_exclusions(round: Round, actor: User) -> None:
    """Where a person may win only once, take the winners of earlier rounds as they finally stand.

    Lots drawn in an earlier round after this one was ranked may have changed them; then the prizes are
    given anew, as a new version. Raises Refused while an earlier round is not final.
    """
    if round.rules["wins"] != Wins.ONCE:
        return
    earlier = Round.objects.counted().filter(contest=round.contest_id, number__lt=round.number)
    if earlier.exclude(state__in=(RoundState.DRAFT, RoundState.FINAL)).exists():
        raise Refused(_("Mỗi người chỉ được nhận giải một lần, nên cần chốt kết quả các tuần thi trước."))
    if earlier_winners(round) != round.prize_excluded:
        round.prize_excluded = earlier_winners(round)
        void = _drop_void_draws(round)
        _award_anew(round)
        after = {"version": round.version, "draws_void": void}
        record_audit(actor=actor, verb="round.award_anew", object=round, after=after)


def _drop_void_draws(round: Round) -> list[list[str]]:
    """Remove lots whose tie is no longer the same, since its people changed; returns their entries."""
    void = []
    for draw in Draw.objects.filter(round=round):
        drawn = Standing.objects.filter(round=round, attempt__entry__in=draw.entries)
        ranks = {(standing.block, standing.rank) for standing in drawn}
        tied = {
            entry
            for block, rank in ranks
            for entry in Standing.objects.filter(round=round, block=block, rank=rank)
            .exclude(attempt__user_id__in=round.prize_excluded)
            .values_list("attempt__entry", flat=True)
        }
        if tied != set(draw.entries):
            void.append(list(draw.entries))
            draw.delete()
    return void


def _award_anew(round: Round) -> None:
    """Give the prizes again as a new version of the result."""
    award_prizes(round)
    round.version += 1
    round.result_hash = ""
    round.save(update_fields=["version", "result_hash", "prize_excluded"])
    prompt(BUILD_TASK)


def _need_of_lots(tie: Tie) -> str:
    return _("%(count)s người đồng hạng %(rank)s cần bốc thăm để phân định giải.") % {
        "count": len(tie.entries),
        "rank": tie.rank,
    }


def record_draw(*, round: Round, actor: User, entries: Sequence[str], minutes: str) -> Draw:
    """Record lots drawn for one tie, in drawn order, and give the prizes anew as a new version.

    Raises Refused unless `entries` are exactly the entries of a tie that waits for lots.
    """
    with transaction.atomic():
        round = Round.objects.select_for_update().get(pk=round.pk)
        if round.state not in RESULT_STATES or round.state == RoundState.FINAL:
            raise Refused(_("Chỉ bốc thăm được khi tuần thi đã xếp hạng và chưa chốt kết quả."))
        if sorted(entries) not in [sorted(tie.entries) for tie in undrawn_ties(round)]:
            raise Refused(_("Danh sách bốc thăm phải gồm đúng những người đồng hạng đang chờ bốc thăm."))
        if not minutes.strip():
            raise Refused(_("Cần ghi biên bản bốc thăm."))
        draw = Draw.objects.create(round=round, entries=list(entries), minutes=minutes.strip(), recorded_by=actor)
        _award_anew(round)
        record_audit(
            actor=actor,
            verb="round.draw_lots",
            object=round,
            after={"entries": list(entries), "minutes": minutes, "version": round.version},
        )
    return draw
