"""The weekly and the final report once more, from raw rows, one attempt at a time: slow, plain, and for tests only.

It shares no code with reports/ and contest/: figures, scores, rankings and merged units are done again in the words of
their definitions.
"""

from collections import defaultdict
from datetime import UTC, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from accounts.models import Membership, Unit, User
from contest.models import Attempt, Block, Prize, Round
from videos.models import Clip, PanelResult

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")
LAST_YEAR = ("last_year_participants", "last_year_entries", "change_last_year", "percent_last_year")


def digits(value, places):
    """A fraction half up (away from zero) with `places` digits after the point; None stays None."""
    if value is None:
        return None
    scaled = abs(Fraction(value)) * 10**places
    whole, rest = divmod(scaled, 1)
    number = int(whole) + (rest >= Fraction(1, 2))
    text = f"{number:0{places + 1}}"
    text = f"{text[:-places]}.{text[-places:]}" if places else text
    return "-" + text if value < 0 and number else text


def over(part, whole):
    return Fraction(part, whole) if whole else None


def utc(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def last_day(round):
    return (round.closes_at - timedelta(microseconds=1)).astimezone(LOCAL).date()


class Week:
    """One round's raw rows."""

    def __init__(self, round):
        self.round = round
        self.attempts = list(Attempt.objects.filter(round=round).select_related("user"))
        self.entries = [a for a in self.attempts if a.state in ("submitted", "cut_off")]
        self.copies = {c.unit_id: c for c in round.round_units.select_related("unit", "kind", "parent")}
        self.right = [round.key_at_opening[question["code"]] for question in round.paper]
        self.full = len(self.right)
        self.counted = {}
        for attempt in self.entries:
            self.counted.setdefault(attempt.user_id, []).append(attempt)
        choose = {
            "best": lambda a: (-self.score(a), a.submitted_at, a.entry),
            "first": lambda a: a.number,
            "last": lambda a: -a.number,
        }[round.rules["counts"]]
        self.counted = {user: min(own, key=choose) for user, own in self.counted.items()}

    def score(self, attempt):
        points = 0
        for mask, right in zip(attempt.answers, self.right, strict=True):
            chosen = [letter for bit, letter in enumerate("ABCDEFGH") if mask & 1 << bit]
            points += chosen == sorted(right)
        return points


def heirs_at(week):
    """{unit: the one that has taken its place} on the round's last day, of units that are not in the round."""
    day = last_day(week.round)
    units = {unit.pk: unit for unit in Unit.objects.prefetch_related("successors")}
    found = {}
    for start in units.values():
        unit, met = start, []
        while unit.valid_to and unit.valid_to <= day and unit.pk not in met:
            met.append(unit.pk)
            after = list(unit.successors.all())
            if len(after) != 1:
                break
            unit = units[after[0].pk]
        ended = unit.valid_to and unit.valid_to <= day
        if not ended and unit.pk != start.pk and start.pk not in week.copies:
            found[start.pk] = unit.pk
    return found


def below(unit):
    found, size = {unit.pk}, 0
    while size != len(found):
        size = len(found)
        found |= {child.pk for child in Unit.objects.all() if child.parent_id in found}
    return found


# --- A week -----------------------------------------------------------------------------------------


def weekly(round, unit):
    earlier = [
        Week(one)
        for one in Round.objects.filter(contest=round.contest, number__lt=round.number, is_practice=False).order_by(
            "number"
        )
    ]
    return _Weekly(Week(round), earlier, unit).dataset()


class _Weekly:
    def __init__(self, week, earlier, unit, scores=True):
        self.week, self.round, self.earlier, self.unit, self.scores = week, week.round, earlier, unit, scores
        self.heirs = heirs_at(week) if earlier else {}
        scope = set(week.copies) if unit.pk == self.round.contest.unit_id else below(unit)
        self.everything = unit.pk == self.round.contest.unit_id
        self.scope = scope
        self.listed = [pk for pk in week.copies if pk in scope]

    def before(self, week, wanted):
        """People with an entry in an earlier round, where `wanted(unit, kind, block)` says so."""
        people = set()
        for a in week.entries:
            if a.unit_id not in week.copies:
                continue
            heir = self.heirs.get(a.unit_id, a.unit_id)
            if not self.everything and heir not in self.scope:
                continue
            moved = a.unit_id in self.heirs and heir in self.week.copies
            kind = self.week.copies[heir].kind.name if moved else week.copies[a.unit_id].kind.name
            if wanted(heir, kind, a.block):
                people.add(a.user_id)
        return people

    def figures(self, wanted, *, block=False, total=None):
        copies = self.week.copies

        def here(a):
            return a.unit_id in self.listed and wanted(a.unit_id, copies[a.unit_id].kind.name, a.block)

        units = [] if block else [pk for pk in self.listed if wanted(pk, copies[pk].kind.name, None)]
        entries = [a for a in self.week.entries if here(a)]
        people = {a.user_id for a in entries}
        day = last_day(self.round)
        roster = [
            m.user_id
            for m in Membership.objects.filter(unit__in=units)
            if m.starts_on <= day and (m.ends_on is None or m.ends_on > day)
        ]
        accounts = User.objects.filter(pk__in=roster, linked_at__isnull=False).count()
        counted = [a for a in self.week.counted.values() if here(a)]
        points = [self.week.score(a) for a in counted]
        share = [Fraction(point, self.week.full) for point in points]
        headcount = sum(copies[pk].headcount for pk in units)
        bands = {
            "counted": len(points),
            "points": sum(points),
            "perfect": sum(one == 1 for one in share),
            "high": sum(Fraction(3, 4) <= one < 1 for one in share),
            "middle": sum(Fraction(1, 4) <= one < Fraction(3, 4) for one in share),
            "low": sum(0 < one < Fraction(1, 4) for one in share),
            "zero": sum(one == 0 for one in share),
        }
        changes = {"change": None, "change_first": None}
        if self.earlier:
            changes = {
                "change": len(people) - len(self.before(self.earlier[-1], wanted)),
                "change_first": len(people) - len(self.before(self.earlier[0], wanted)),
            }
        everybody = {a.user_id for a in self.week.entries}
        row = {
            "units": len(units),
            "units_taking_part": len({a.unit_id for a in entries} & set(units)),
            "headcount": headcount,
            "roster": len(roster),
            "accounts": accounts,
            "participants": len(people),
            "entries": len(entries),
            "mean_score": digits(over(sum(points), len(points)), 2),
            **bands,
            "abandoned": len({a.user_id for a in self.week.attempts if a.state == "abandoned" and here(a)} - everybody),
            **changes,
            "rate": digits(over(len(people), headcount), 4),
            "account_rate": digits(over(len(people), accounts), 4),
            "share": digits(over(len(people), len(total) if total is not None else len(people)), 4),
            "perfect_share": digits(over(bands["perfect"], len(points)), 4),
            "zero_share": digits(over(bands["zero"], len(points)), 4),
            **dict.fromkeys(LAST_YEAR),
        }
        if not self.scores:
            row |= dict.fromkeys([*bands, "mean_score", "perfect_share", "zero_share"])
        return row

    def total(self):
        return self.figures(lambda unit, kind, block: True)

    def dataset(self):
        round, copies = self.round, self.week.copies
        everybody = {a.user_id for a in self.week.entries if a.unit_id in self.listed}
        kinds = {copies[pk].kind for pk in self.listed}
        units = []
        for pk in sorted(self.listed, key=lambda pk: copies[pk].unit.code):
            one = self.figures(lambda unit, kind, block, pk=pk: unit == pk, total=everybody)
            units.append(named(copies[pk].unit, copies[pk].kind, copies[pk].parent) | one)
        rated = sorted(
            (Fraction(row["participants"], row["headcount"]), row["unit_code"]) for row in units if row["headcount"]
        )
        trend = [
            _Weekly(week, self.earlier[:n], self.unit, scores=week.round.state in ("published", "final"))
            for n, week in enumerate(self.earlier)
        ]
        return {
            "format": 1,
            "definitions": 1,
            "kind": "weekly",
            "contest": contest_of(round.contest),
            "round": round_of(round),
            "unit": {"code": self.unit.code, "name": self.unit.name},
            "total": self.total(),
            "kinds": [
                {"kind": kind.name}
                | self.figures(lambda unit, name, block, kind=kind: name == kind.name, total=everybody)
                for kind in sorted(kinds, key=lambda kind: (kind.position, kind.pk))
            ],
            "blocks": self.blocks(everybody),
            "units": units,
            "full_units": [row["unit_code"] for row in units if row["rate"] is not None and float(row["rate"]) >= 1],
            "lowest_units": [code for rate, code in rated[:5] if rate < 1],
            "hours": self.hours(),
            "winners": winners(self.week, self.listed),
            "trend": [{"number": one.round.number, "title": one.round.title} | one.total() for one in [*trend, self]],
            "last_year": None,
            "notes": [],
        }

    def blocks(self, everybody):
        if not self.round.blocks:
            return []
        names = {block.code: block.name for block in Block.objects.filter(contest=self.round.contest)}
        weeks = {id(one): one for one in (self.week, *self.earlier[:1], *self.earlier[-1:])}.values()
        codes = {a.block for a in self.week.attempts if a.unit_id in self.listed and a.state != "in_progress"}
        codes |= {
            a.block
            for week in weeks
            if week is not self.week
            for a in week.entries
            if self.everything or self.heirs.get(a.unit_id, a.unit_id) in self.scope
        }
        return [
            {"block": code, "name": names.get(code, "")}
            | self.figures(lambda unit, kind, block, code=code: block == code, block=True, total=everybody)
            for code in sorted(codes)
        ]

    def hours(self):
        hour = self.round.opens_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        rows = []
        while hour < self.round.closes_at:
            end = hour + timedelta(hours=1)
            mine = [a for a in self.week.attempts if a.unit_id in self.listed]
            done = [
                min(a.submitted_at, self.round.closes_at - timedelta(microseconds=1)) for a in mine if a.submitted_at
            ]
            rows.append(
                {
                    "hour": utc(hour),
                    "started": sum(hour <= a.started_at < end for a in mine),
                    "submitted": sum(hour <= moment < end for moment in done),
                }
            )
            hour = end
        return rows


def winners(week, listed):
    """Ranked again by score, prediction and time inside each block; prizes from the head."""
    round = week.round
    prizes = list(Prize.objects.filter(round=round).order_by("position"))
    ranked = [a for a in week.counted.values() if a.eligible]
    target = sum(week.score(a) == week.full for a in ranked)
    rows = []
    for block in sorted({a.block for a in ranked}):
        order = sorted(
            (a for a in ranked if a.block == block),
            key=lambda a: (-week.score(a), a.prediction is None, abs((a.prediction or 0) - target), a.submitted_at),
        )
        places = [prize for prize in prizes for _ in range(prize.count)]
        for rank, (a, prize) in enumerate(zip(order, places, strict=False), start=1):
            copy = week.copies.get(a.unit_id)
            if a.unit_id not in listed:
                continue
            rows.append(
                {
                    "prize": prize.code,
                    "prize_title": prize.title,
                    "rank": rank,
                    "block": block,
                    "full_name": a.user.full_name,
                    "unit_code": copy.unit.code,
                    "unit_name": copy.unit.name,
                    "parent_name": copy.parent.name if copy.parent else None,
                    "score": week.score(a),
                    "prediction": None if a.prediction is None else str(int(a.prediction)),
                    "prediction_error": None if a.prediction is None else str(int(abs(a.prediction - target))),
                    "submitted_at": utc(a.submitted_at),
                }
            )
    return rows


# --- The contest ------------------------------------------------------------------------------------


def final(contest, unit):
    rounds = Round.objects.filter(contest=contest, is_practice=False).order_by("number")
    ranked = [round for round in rounds if round.state in ("ranked", "published", "final")]
    return _Final([Week(round) for round in ranked], unit).dataset()


class _Final:
    def __init__(self, weeks, unit):
        self.weeks, self.unit, self.contest = weeks, unit, weeks[0].round.contest
        self.heirs = heirs_at(weeks[-1])
        everything = unit.pk == self.contest.unit_id
        scope = below(unit)
        self.members = {
            pk
            for week in weeks
            for pk in week.copies
            if everything or self.heirs.get(pk, pk) in scope
        }  # fmt: skip
        self.copy_of = {}  # unit of now -> the copy its kind, and where it was in a round itself its parent, come from
        for week in weeks:
            for pk, copy in sorted(week.copies.items(), reverse=True):
                heir = self.heirs.get(pk, pk)
                if pk in self.members and (pk == heir or self.copy_of.get(heir, copy).unit_id != heir):
                    self.copy_of[heir] = copy

    def now(self, pk):
        return self.heirs.get(pk, pk)

    def row(self, wanted, *, blocks=False):
        """Figures of what `wanted(unit of now, kind, block)` names."""
        rounds, sums, people = [], defaultdict(int), []
        for week in self.weeks:

            def here(a, week=week):
                if a.unit_id not in week.copies or a.unit_id not in self.members:
                    return False
                heir = self.now(a.unit_id)
                return wanted(heir, self.copy_of[heir].kind.name, a.block)

            entries = [a for a in week.entries if here(a)]
            people.append({a.user_id for a in entries})
            points = [week.score(a) for a in week.counted.values() if here(a)]
            share = [Fraction(point, week.full) for point in points]
            headcount = 0
            for pk, copy in week.copies.items():
                heir = self.now(pk)
                if not blocks and pk in self.members and wanted(heir, self.copy_of[heir].kind.name, None):
                    headcount += copy.headcount
            sums["entries"] += len(entries)
            sums["counted"] += len(points)
            sums["points"] += sum(points)
            sums["perfect"] += sum(one == 1 for one in share)
            sums["high"] += sum(Fraction(3, 4) <= one < 1 for one in share)
            sums["middle"] += sum(Fraction(1, 4) <= one < Fraction(3, 4) for one in share)
            sums["low"] += sum(0 < one < Fraction(1, 4) for one in share)
            sums["zero"] += sum(one == 0 for one in share)
            rounds.append(
                {
                    "number": week.round.number,
                    "headcount": headcount,
                    "participants": len(people[-1]),
                    "entries": len(entries),
                    "rate": digits(over(len(people[-1]), headcount), 4),
                }
            )
        rates = [Fraction(row["rate"]) for row in rounds if row["rate"] is not None]
        return {
            "participants": len(set().union(*people)),
            "share": digits(over(len(set().union(*people)), len(self.everybody())), 4),
            "people_in_all_rounds": len(set.intersection(*people)),
            "rounds_taken_part": sum(bool(one) for one in people),
            **sums,
            "mean_score": digits(over(sums["points"], sums["counted"]), 2),
            "perfect_share": digits(over(sums["perfect"], sums["counted"]), 4),
            "zero_share": digits(over(sums["zero"], sums["counted"]), 4),
            "mean_rate": digits(sum(rates) / len(rates), 4) if rates else None,
            "rounds": rounds,
            **dict.fromkeys(LAST_YEAR),
        }

    def everybody(self):
        return {
            a.user_id
            for week in self.weeks
            for a in week.entries
            if a.unit_id in self.members and a.unit_id in week.copies
        }

    def units(self, pks):
        taking = [
            sum(
                any(self.now(a.unit_id) == pk and a.unit_id in week.copies for a in week.entries) for week in self.weeks
            )
            for pk in pks
        ]
        return {
            "units": len(pks),
            "units_taking_part": sum(number > 0 for number in taking),
            "units_in_all_rounds": sum(number == len(self.weeks) for number in taking),
        }

    def dataset(self):
        by_kind = defaultdict(list)
        for pk, copy in self.copy_of.items():
            by_kind[copy.kind].append(pk)
        current = {unit.pk: unit for unit in Unit.objects.select_related("parent")}
        units = []
        for pk, copy in self.copy_of.items():
            parent = copy.parent if copy.unit_id == pk else current[pk].parent
            one = self.row(lambda unit, kind, block, pk=pk: unit == pk)
            units.append(named(current[pk], copy.kind, parent) | one)
        names = {block.code: block.name for block in Block.objects.filter(contest=self.contest)}
        codes = {
            a.block
            for week in self.weeks
            for a in week.attempts
            if week.round.blocks and a.unit_id in self.members and a.state != "in_progress"
        }
        weekly = [_Weekly(week, self.weeks[:n], self.unit) for n, week in enumerate(self.weeks)]
        return {
            "format": 1,
            "definitions": 1,
            "kind": "final",
            "contest": contest_of(self.contest),
            "unit": {"code": self.unit.code, "name": self.unit.name},
            "rounds": [round_of(one.round) | one.total() for one in weekly],
            "total": self.units(list(self.copy_of)) | self.row(lambda unit, kind, block: True),
            "kinds": [
                {"kind": kind.name}
                | self.units(by_kind[kind])
                | self.row(lambda unit, name, block, kind=kind: name == kind.name)
                for kind in sorted(by_kind, key=lambda kind: (kind.position, kind.pk))
            ],
            "blocks": [
                {"block": code, "name": names.get(code, "")}
                | self.row(lambda unit, kind, block, code=code: block == code, blocks=True)
                for code in sorted(codes)
            ],
            "units": sorted(units, key=lambda row: row["unit_code"]),
            "winners": [
                {"round": week.round.number} | winner for week in self.weeks for winner in winners(week, self.members)
            ],
            "last_year": None,
            "notes": [],
        } | clips(
            self.contest,
            self.copy_of,
            self.heirs,
            {pk: unit.code for pk, unit in current.items()},
            [kind.name for kind in sorted(by_kind, key=lambda kind: (kind.position, kind.pk))],
        )


def clips(contest, copy_of, heirs, codes, kinds):
    """Clips once their result is public, counted one by one; ranks and scores are the panel's own."""
    results = PanelResult.objects.filter(clip_contest__contest=contest).order_by("version")
    if not results or contest.clip_contest.published_at is None:
        return {}
    result, own = results.last(), list(Clip.objects.filter(clip_contest__contest=contest).order_by("number"))

    def heir(clip):
        return heirs.get(clip.unit_id, clip.unit_id)

    standings = {one.clip_id: one for one in result.standings.all()}

    def row(units):
        mine = [clip for clip in own if heir(clip) in units]
        having = {heir(clip) for clip in mine if clip.state == "accepted"}
        return {
            "units": len(units),
            "units_with_clip": len(having),
            "units_without_clip": len(units) - len(having),
            "handed_in": sum(clip.state in ("submitted", "accepted", "rejected") for clip in mine),
            "accepted": sum(clip.state == "accepted" for clip in mine),
            "prizes": sum(bool(clip.pk in standings and standings[clip.pk].prize) for clip in mine),
        }

    titles = [prize.title for prize in contest.clip_contest.prizes.order_by("position")]
    names = {unit.pk: unit.name for unit in Unit.objects.all()}
    won = [clip for clip in own if clip.pk in standings and standings[clip.pk].prize and heir(clip) in copy_of]
    won.sort(key=lambda clip: (titles.index(standings[clip.pk].prize), standings[clip.pk].rank, clip.number))
    return {
        "clips": {
            "version": result.version,
            "result_hash": result.result_hash,
            "full_marks": str(sum(one.maximum for one in contest.clip_contest.rubric.criteria.all())),
            "kinds": [
                {"kind": kind} | row({pk for pk, copy in copy_of.items() if copy.kind.name == kind}) for kind in kinds
            ],
            "total": row(set(copy_of)),
            "without": sorted(
                codes[pk] for pk in copy_of if not any(heir(c) == pk and c.state == "accepted" for c in own)
            ),
            "winners": [
                {
                    "prize": standings[clip.pk].prize,
                    "rank": standings[clip.pk].rank,
                    "group": "",
                    "number": clip.number,
                    "title": clip.title,
                    "unit_code": codes[heir(clip)],
                    "unit_name": names[heir(clip)],
                    "score": str(standings[clip.pk].score),
                }
                for clip in won
            ],
        }
    }


def contest_of(contest):
    unit = contest.unit
    return {
        "id": contest.pk,
        "slug": contest.slug,
        "title": contest.title,
        "unit_code": unit.code,
        "unit_name": unit.name,
    }


def round_of(round):
    times = {"opens_at": utc(round.opens_at), "closes_at": utc(round.closes_at)}
    names = ("id", "number", "title", "state", "version", "result_hash")
    return {name: getattr(round, name) for name in names} | times


def named(unit, kind, parent):
    return {
        "unit_code": unit.code,
        "unit_name": unit.name,
        "kind": kind.name,
        "parent_code": parent.code if parent else None,
        "parent_name": parent.name if parent else None,
    }
