"""Pages for everyone: front page, rules, winners, the public record and its verifier."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import F, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.clock import ClockTimestamp, server_now
from contest.collective import words_of_rule
from contest.models import Attempt, Block, CollectiveRule, Contest, Draw, Prize, Round, Standing
from contest.models.round import PUBLIC_RESULT_STATES, RoundState
from contest.record import FILES, public_record_file, target_text
from contest.views.my_round import UNSHOWN, MyRound, my_rounds
from contest.views.rulebook import (
    Settings,
    prediction_sentences,
    prize_sentences,
    ranking_steps,
    release_sentences,
    rulebook,
    window_sentence,
)
from contest.views.sheet import prediction_unit
from contest.views.worked_example import worked_example

VERIFIER = Path(__file__).resolve().parent.parent / "verify_record.py"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The latest public contest: what, when, rules in brief, the present round, results so far."""
    latest = Contest.objects.public().select_related("unit").annotate(server_time=ClockTimestamp()).first()
    if latest is None:
        return render(request, "contest/home.html", {"contest": None})
    now = latest.server_time
    rounds = list(_public_rounds(latest))
    mine = my_rounds(rounds, request.user, now)
    proper = [each for each in mine if not each.round.is_practice]
    published = [each.round for each in proper if each.round.is_published]
    return render(
        request,
        "contest/home.html",
        {
            "contest": latest,
            "now": now,
            "present": present_round(proper, now),
            "practice": next((each for each in mine if each.round.is_practice and each.state == "open"), None),
            "calendar": proper,
            "sealed": any(not each.round.is_published for each in proper),
            "published": published[::-1],
            "winners": first_prizes(published[-1]) if published else [],
            "settings": settings_of(latest),
            "window": window_sentence(settings_of(latest)),
        },
    )


def _public_rounds(contest: Contest) -> QuerySet[Round]:
    return Round.objects.public().filter(contest=contest).defer(*UNSHOWN).order_by("number")


def present_round(rounds: list[MyRound], now: datetime) -> MyRound | None:
    """The round to show largest: the open one, else the next to open, else the last that has been."""
    for state in ("open", RoundState.SCHEDULED):
        found = next((each for each in rounds if each.state == state), None)
        if found:
            return found
    return rounds[-1] if rounds else None


def first_prizes(round: Round) -> list[Standing]:
    """Who won the highest prize of a published round, one or more per block. One query."""
    rows = winners_of(round).filter(prize__position=1)
    return list(rows[:6])


def winners_of(round: Round) -> QuerySet[Standing]:
    return (
        Standing.objects.filter(round=round)
        .with_prize()
        .in_stored_order()
        .select_related("prize", "attempt__user", "attempt__unit__parent")
    )


def ranked_first(attempts: QuerySet[Attempt]) -> Attempt | None:
    """Of one person's attempts the one that was ranked, else the last."""
    return attempts.order_by(F("standing__position").asc(nulls_last=True), "-number").first()


def settings_of(contest: Contest, round: Round | None = None) -> Settings:
    """The settings to print: those a scheduled round has frozen, else the contest's present ones."""
    rules = round.rules if round else contest.rules()
    return Settings(
        rules=rules,
        grace_seconds=round.grace_seconds if round else contest.grace_seconds,
        questions=rules["questions"],
        max_correct=rules["max_correct"],
        opens_weekday=contest.opens_weekday,
        opens_time=contest.opens_time,
        window_minutes=contest.window_minutes,
    )


def _collective_words(contest: Contest) -> dict[str, Any] | None:
    """How units are ranked, for the rules; None when they are not."""
    rule = CollectiveRule.objects.filter(contest=contest, is_held=True).first()
    return words_of_rule(rule.as_json()) if rule else None


@require_safe
def rules(request: HttpRequest, slug: str) -> HttpResponse:
    """Every setting in words, with a worked example; `?round=2` shows the rules that round has frozen."""
    shown = get_object_or_404(Contest.objects.public().select_related("unit"), slug=slug)
    rounds = [round for round in _public_rounds(shown) if not round.is_practice]
    number = request.GET.get("round")
    round = next((each for each in rounds if str(each.number) == number), None)
    if number and round is None:
        raise Http404
    settings = settings_of(shown, round)
    prizes_round = round or (rounds[-1] if rounds else None)
    opens = timezone.localtime(prizes_round.opens_at) if prizes_round else timezone.localtime(server_now())
    return render(
        request,
        "contest/rules.html",
        {
            "contest": shown,
            "round": round,
            "different": [each for each in rounds if each is not round and each.rules != settings.rules],
            "settings": settings,
            "sections": rulebook(settings),
            "prediction_sentences": prediction_sentences(settings.rules),
            "ranking_steps": ranking_steps(settings.rules),
            "prize_sentences": prize_sentences(settings.rules),
            "release_sentences": release_sentences(settings.rules),
            "prizes": Prize.objects.filter(round=prizes_round) if prizes_round else [],
            "blocks": Block.objects.filter(contest=shown),
            "collective": _collective_words(shown),
            "example": worked_example(settings.rules, settings.questions, opens),
            "unit": prediction_unit(settings.rules),
        },
    )


def published_round(pk: int) -> Round:
    """A round with a public result; 404 for any other, so that its existence says nothing."""
    rounds = Round.objects.public().counted().filter(state__in=PUBLIC_RESULT_STATES).select_related("contest__unit")
    return get_object_or_404(rounds, pk=pk)


@require_safe
def results(request: HttpRequest, pk: int) -> HttpResponse:
    """Winners by block and prize, totals, and everything needed to check them."""
    round = published_round(pk)
    files = [(name, path.stat().st_size) for name in FILES if (path := public_record_file(round, name))]
    names = dict(Block.objects.filter(contest=round.contest_id).values_list("code", "name"))
    winners = list(winners_of(round))
    mine = ranked_first(Attempt.objects.of(request.user).filter(round=round)) if request.user.is_authenticated else None
    return render(
        request,
        "contest/results.html",
        {
            "contest": round.contest,
            "round": round,
            "blocks": [
                (names.get(code, code), [row for row in winners if row.block == code])
                for code in dict.fromkeys(row.block for row in winners)
            ],
            "draws": Draw.objects.filter(round=round),
            "files": files if len(files) == len(FILES) else [],
            "mine": mine,
            "target": target_text(round),
            "unit": prediction_unit(round.rules),
            "decimals": round.rules["prediction"]["decimals"],
            "perfect_score": len(round.paper),
        },
    )


@require_safe
def record_file(request: HttpRequest, pk: int, name: str) -> FileResponse:
    """A file of the round's public record. 404 until the result is published and the file written."""
    path = public_record_file(published_round(pk), name)
    if path is None:
        raise Http404
    kind = "application/json" if name.endswith(".json") else "text/csv; charset=utf-8"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=kind)


@require_safe
def verifier(request: HttpRequest) -> FileResponse:
    """The stand-alone program with which anyone recomputes a round from its public record."""
    return FileResponse(
        VERIFIER.open("rb"), as_attachment=True, filename=VERIFIER.name, content_type="text/x-python; charset=utf-8"
    )
