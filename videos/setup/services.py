"""Setting up a clip contest. Dates can be moved later; judging rules are fixed once the panel begins."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.forms.models import model_to_dict
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import iso, server_now
from accounts.models import Unit, User
from accounts.problems import Refused
from accounts.text import nfc
from contest.models import Contest
from videos.models import ClipContest, ClipPrize, Criterion, Genre, Rubric
from videos.ready import GENRES, PRIZES, ReadyRubric
from videos.result.ranking import faults_of_chain

# What a panel scores by; everything else of a clip contest can be changed while it lasts.
JUDGING = (
    "rubric",
    "judges_per_clip",
    "combination",
    "tie_chain",
    "is_blind",
    "prizes_by_kind",
    "disagreement_percent",
)
RECEIVING = ("opens_at", "closes_at", "max_seconds", "min_height", "aspect", "max_bytes", "unit_quota_bytes")


def create_clip_contest(*, contest: Contest, actor: User, **dates: Any) -> ClipContest:
    """Give the contest a part for clips, with the usual genres and prizes. Raises Refused when it has one."""
    with transaction.atomic():
        contest = Contest.objects.select_for_update().get(pk=contest.pk)
        if ClipContest.objects.filter(contest=contest).exists():
            raise Refused(_("Hội thi này đã có phần thi video."))
        clip_contest = ClipContest(contest=contest, **dates)
        _refuse_faults(clip_contest)
        clip_contest.save()
        _write_genres(clip_contest, GENRES)
        _write_prizes(clip_contest, PRIZES)
        record_audit(actor=actor, verb="clips.create", object=clip_contest, after=settings_of(clip_contest))
    return clip_contest


def save_clip_contest(*, clip_contest: ClipContest, values: Mapping[str, Any], actor: User) -> ClipContest:
    """Store these of its settings (`RECEIVING` and `JUDGING`).

    Raises Refused with everything that does not fit together, for judging rules once the panel has begun, and for an
    earlier deadline once clips are being received: units rely on the one they were told.
    """
    with transaction.atomic():
        stored = ClipContest.objects.select_for_update().select_related("contest").get(pk=clip_contest.pk)
        before, deadline, is_receiving = settings_of(stored), stored.closes_at, stored.opens_at <= server_now()
        for name in RECEIVING + JUDGING:
            if name in values:
                setattr(stored, name, values[name])
        after = settings_of(stored)
        if stored.scoring_started_at and any(before[name] != after[name] for name in JUDGING):
            raise Refused(_("Ban Giám khảo đã bắt đầu chấm nên cách chấm không thay đổi được nữa."))
        _refuse_faults(stored)
        if is_receiving and stored.closes_at < deadline:
            raise Refused(_("Đã bắt đầu nhận video nên hạn nhận chỉ được lùi lại, không được rút ngắn."))
        if before != after:
            stored.save(update_fields=[*RECEIVING, *JUDGING])
            changed = [name for name in before if before[name] != after[name]]
            record_audit(
                actor=actor, verb="clips.edit", object=stored,
                before={name: before[name] for name in changed}, after={name: after[name] for name in changed},
            )  # fmt: skip
    return stored


def settings_of(clip_contest: ClipContest) -> dict[str, Any]:
    """The settings as the trace tells them."""
    values = model_to_dict(clip_contest, RECEIVING + JUDGING)
    return values | {name: iso(values[name]) for name in ("opens_at", "closes_at")}


def _refuse_faults(clip_contest: ClipContest) -> None:
    faults = []
    if clip_contest.opens_at >= clip_contest.closes_at:
        faults.append(_("Hạn nhận video phải ở sau thời điểm bắt đầu nhận."))
    if clip_contest.unit_quota_bytes < clip_contest.max_bytes:
        faults.append(_("Dung lượng của một đơn vị không được nhỏ hơn dung lượng của một tệp."))
    if clip_contest.rubric and not clip_contest.scoring_started_at:
        faults += faults_of_chain(clip_contest.tie_chain, criteria=clip_contest.rubric.criteria.count())
    if faults:
        raise Refused(*faults)


# --- Genres and prizes ------------------------------------------------------------------------------


def set_genres(*, clip_contest: ClipContest, names: Sequence[str], actor: User) -> None:
    """Make `names` the genres, in order. One that clips are in can be moved and renamed in place, not left out.

    Genres are matched by place: the first name is that of the first genre. Raises Refused.
    """
    names = [nfc(name) for name in names if nfc(name)]
    with transaction.atomic():
        clip_contest = _locked(clip_contest)
        if not names:
            raise Refused(_("Cần ít nhất một thể loại."))
        if len({name.casefold() for name in names}) < len(names):
            raise Refused(_("Hai thể loại không được trùng tên."))
        stored = list(clip_contest.genres.order_by("position"))
        before = [genre.name for genre in stored]
        used = [genre.name for genre in stored[len(names) :] if genre.clips.exists()]
        if used:
            raise Refused(_("Đã có video thuộc thể loại %(names)s nên không bỏ được.") % {"names": ", ".join(used)})
        if before == names:
            return
        clip_contest.genres.filter(pk__in=[genre.pk for genre in stored[len(names) :]]).delete()
        for genre in stored[: len(names)]:  # aside first, as two may change places
            Genre.objects.filter(pk=genre.pk).update(name=f"{genre.pk}")
        for genre, name in zip(stored, names, strict=False):
            Genre.objects.filter(pk=genre.pk).update(name=name)
        _write_genres(clip_contest, names[len(stored) :], first=len(stored) + 1)
        record_audit(
            actor=actor,
            verb="clips.set_genres",
            object=clip_contest,
            before={"genres": before},
            after={"genres": names},
        )


def set_prizes(*, clip_contest: ClipContest, prizes: Sequence[tuple[str, int]], actor: User) -> None:
    """Make `prizes` ((title, count), from the highest) the prizes. Raises Refused, also once the panel has begun."""
    prizes = [(nfc(title), count) for title, count in prizes]
    with transaction.atomic():
        clip_contest = _locked(clip_contest)
        if clip_contest.scoring_started_at:
            raise Refused(_("Ban Giám khảo đã bắt đầu chấm nên cơ cấu giải không thay đổi được nữa."))
        if len({title.casefold() for title, _count in prizes}) < len(prizes):
            raise Refused(_("Hai giải không được trùng tên."))
        before = [[prize.title, prize.count] for prize in clip_contest.prizes.order_by("position")]
        after = [list(prize) for prize in prizes]
        if before == after:
            return
        clip_contest.prizes.all().delete()
        _write_prizes(clip_contest, prizes)
        record_audit(
            actor=actor,
            verb="clips.set_prizes",
            object=clip_contest,
            before={"prizes": before},
            after={"prizes": after},
        )


def _locked(clip_contest: ClipContest) -> ClipContest:
    return ClipContest.objects.select_for_update().select_related("contest").get(pk=clip_contest.pk)


def _write_genres(clip_contest: ClipContest, names: Sequence[str], first: int = 1) -> None:
    Genre.objects.bulk_create(
        Genre(clip_contest=clip_contest, position=position, name=name) for position, name in enumerate(names, first)
    )


def _write_prizes(clip_contest: ClipContest, prizes: Sequence[tuple[str, int]]) -> None:
    ClipPrize.objects.bulk_create(
        ClipPrize(clip_contest=clip_contest, position=position, title=title, count=count)
        for position, (title, count) in enumerate(prizes, start=1)
    )


# --- Rubrics ----------------------------------------------------------------------------------------


def copy_ready_rubric(*, ready: ReadyRubric, unit: Unit, actor: User) -> Rubric:
    """The unit's own version of a ready rubric: the one it has already, or a new one."""
    with transaction.atomic():
        Unit.objects.select_for_update().get(pk=unit.pk)
        stored = Rubric.objects.newest().filter(unit=unit, code=ready.code).first()
        if stored:
            return stored
        rubric = Rubric.objects.create(unit=unit, code=ready.code, title=ready.title)
        Criterion.objects.bulk_create(
            Criterion(rubric=rubric, position=position, title=title, maximum=maximum, description=description)
            for position, (title, maximum, description) in enumerate(ready.criteria, start=1)
        )
        record_audit(actor=actor, verb="rubric.create", object=rubric, after=rubric_as_json(rubric))
    return rubric


def save_rubric(*, rubric: Rubric, title: str, criteria: Sequence[Mapping[str, Any]], actor: User) -> Rubric:
    """Store title and criteria (mappings of title, description, maximum, step, in order).

    A rubric that a panel scores by, or has scored by, stays as it is: its next version is made and returned, and
    nothing uses it until it is chosen. Raises Refused for an empty rubric, two criteria of one name, or a maximum
    that is no whole number of steps.
    """
    title, rows = nfc(title), [{**row, "title": nfc(row["title"])} for row in criteria]
    _refuse_faults_of_rubric(title, rows)
    with transaction.atomic():
        Unit.objects.select_for_update().get(pk=rubric.unit_id)
        stored = Rubric.objects.select_for_update().get(pk=rubric.pk)
        before = rubric_as_json(stored)
        if stored.frozen_at:
            newest = Rubric.objects.filter(unit=stored.unit_id, code=stored.code).order_by("-version")[0]
            stored = Rubric(unit_id=stored.unit_id, code=stored.code, version=newest.version + 1)
        stored.title = title
        stored.save()
        stored.criteria.all().delete()
        Criterion.objects.bulk_create(
            Criterion(rubric=stored, position=position, **row) for position, row in enumerate(rows, start=1)
        )
        record_audit(actor=actor, verb="rubric.save", object=stored, before=before, after=rubric_as_json(stored))
    return stored


def save_rubric_of(
    *, clip_contest: ClipContest, title: str, criteria: Sequence[Mapping[str, Any]], actor: User
) -> Rubric:
    """Store the rubric that the clip contest uses, as `save_rubric`; unless its panel has begun it uses what is stored.

    Raises Refused, and then nothing is stored: also when the tie chain asks for a criterion that is gone.
    """
    with transaction.atomic():
        stored = _locked(clip_contest)
        if stored.rubric is None:
            raise Refused(_("Chưa chọn thang điểm."))
        saved = save_rubric(rubric=stored.rubric, title=title, criteria=criteria, actor=actor)
        if not stored.scoring_started_at:
            save_clip_contest(clip_contest=stored, values={"rubric": saved}, actor=actor)
    return saved


def rubric_as_json(rubric: Rubric) -> dict[str, Any]:
    """A rubric as the trace and a result's frozen input tell it: points as strings."""
    criteria = rubric.criteria.order_by("position") if rubric.pk else []
    return {
        "code": rubric.code,
        "version": rubric.version,
        "title": rubric.title,
        "criteria": [
            {
                "position": criterion.position,
                "title": criterion.title,
                "description": criterion.description,
                "maximum": f"{criterion.maximum:.2f}",
                "step": f"{criterion.step:.2f}",
            }
            for criterion in criteria
        ],
    }


def _refuse_faults_of_rubric(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    faults = []
    if not title:
        faults.append(_("Thang điểm phải có tên."))
    if not rows:
        faults.append(_("Thang điểm cần ít nhất một tiêu chí."))
    if len({row["title"].casefold() for row in rows}) < len(rows):
        faults.append(_("Hai tiêu chí không được trùng tên."))
    faults += [
        _("Điểm tối đa của tiêu chí “%(title)s” phải là bội số của bước điểm.") % {"title": row["title"]}
        for row in rows
        if row["maximum"] % row["step"]
    ]
    if faults:
        raise Refused(*faults)
