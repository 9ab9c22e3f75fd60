"""Clips as units have handed them in: their rows, the versions of their files, what the screening said, their bytes."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import cycle

import typst

from accounts.models import Membership, Role, RoleGrant, Unit, User
from contest.demo.dice import Dice
from contest.demo.plan import UNTIL_CLOSE, Plan
from contest.demo.units import HEALTH, HOME_AFFAIRS
from videos.demo.contests import time_to_improve
from videos.demo.scenes import digest, make_scenes
from videos.demo.stories import DECISIONS, HEALTH_UNIT, Story
from videos.models import Clip, ClipContest, ClipFile, ClipState, FileState, Genre, Rendition, Screening
from videos.processing import refusals
from videos.processing.lease import MOST_TRIES
from videos.storage import captions_key, original_key, poster_key, rendition_key

_PROGRESS = 37
_CAPTIONS = (
    "WEBVTT\n\n00:00.000 --> 00:01.500\n{title}\n\n"
    "00:01.500 --> 00:03.000\nVideo minh họa, âm thanh là một tiếng tút dài.\n"
)
_SCRIPT = """
#set page(margin: 25mm)
#set text(lang: "vi", size: 13pt, font: "Libertinus Serif")
#align(center, text(weight: "bold", size: 16pt)[KỊCH BẢN VIDEO])
#align(center, text(weight: "bold", sys.inputs.title))
#v(1em)
#sys.inputs.summary
#v(1em)
*Cảnh 1.* Giới thiệu bối cảnh và nhân vật. \
*Cảnh 2.* Tình huống và cách giải quyết. \
*Cảnh 3.* Thông điệp, tên đơn vị.
"""


@dataclass
class Contents:
    """What is to lie in the storage, by key."""

    of_key: dict[str, bytes] = field(default_factory=dict)

    def add(self, key: str, data: bytes) -> str:
        self.of_key[key] = data
        return key


@dataclass(frozen=True, slots=True)
class HandingIn:
    """Who hands in: a unit, the person who does it, and two people of it as authors."""

    unit: Unit
    person: User
    authors: str


class Units:
    """The units that hand in, in an order of chance; home affairs, from which the judges come, is none of them."""

    def __init__(self, plan: Plan) -> None:
        grants = RoleGrant.objects.filter(role=Role.COORDINATOR).select_related("unit", "user").order_by("unit", "pk")
        by_unit: dict[int, RoleGrant] = {}
        for grant in grants:
            by_unit.setdefault(grant.unit_id, grant)
        login = grants.filter(user__employee_id="coordinator").first()
        assert login is not None
        self._own = by_unit[login.unit_id] = login
        others = [
            grant
            for grant in by_unit.values()
            if grant.unit_id != login.unit_id and grant.unit.name not in (HEALTH, HOME_AFFAIRS)
        ]
        self._others = cycle(plan.dice("clip units").shuffled(others) or [login])

    def take(self, story: Story, dice: Dice) -> HandingIn:
        grant = self._own if story.unit == HEALTH_UNIT else next(self._others)
        members = Membership.objects.filter(unit=grant.unit_id).order_by("user")
        names = list(members.values_list("user__full_name", flat=True)[:40])
        authors = ", ".join(dict.fromkeys((dice.pick(names), dice.pick(names))))
        return HandingIn(grant.unit, grant.user, authors)


class Writer:
    """Writes the clips of one clip contest."""

    def __init__(self, plan: Plan, clip_contest: ClipContest, units: Units, contents: Contents) -> None:
        self._plan, self._contest, self._units, self._contents = plan, clip_contest, units, contents
        self._genres = list(Genre.objects.filter(clip_contest=clip_contest).order_by("position"))
        self._organiser = User.objects.get(employee_id="organiser")
        self._until = min(clip_contest.closes_at, plan.at - timedelta(hours=20))

    def write(self, stories: tuple[Story, ...]) -> list[Clip]:
        """The clips, in the order of their stories; numbered in the order in which they were handed in."""
        dice = [self._plan.dice("clip", self._contest.contest.slug, place) for place in range(len(stories))]
        created = [self._instant(own) for own in dice]
        handed_in = [place for place, story in enumerate(stories) if story.state != ClipState.DRAFT]
        order = sorted(handed_in, key=created.__getitem__)
        numbers = {place: number for number, place in enumerate(order, start=1)}
        return [
            self._write(story, dice[place], created[place], numbers.get(place)) for place, story in enumerate(stories)
        ]

    def _instant(self, dice: Dice) -> datetime:
        """When a clip is begun: late enough that there is something to hand in, early enough to do so in time."""
        span = self._until - self._contest.opens_at
        return self._contest.opens_at + timedelta(seconds=int(dice.between(0.15, 0.8) * span.total_seconds()))

    def _write(self, story: Story, dice: Dice, created_at: datetime, number: int | None) -> Clip:
        by = self._units.take(story, dice)
        submitted_at = created_at + timedelta(minutes=25 + dice.below(90), seconds=dice.below(60))
        clip = Clip(
            id=dice.uuid(), clip_contest=self._contest, unit=by.unit, title=story.title,
            genre=self._genres[story.genre], authors=by.authors, summary=story.summary, state=story.state,
            created_by=by.person, created_at=created_at,
        )  # fmt: skip
        if number is not None:
            clip.number, clip.submitted_by, clip.submitted_at = number, by.person, submitted_at
            clip.rights_declared_by, clip.rights_declared_at = by.person, submitted_at
        if story.state == ClipState.SENT_BACK:
            clip.deadline = time_to_improve(self._plan)
        if story.has_script:
            key = self._contents.add(f"scripts/{clip.pk}/{dice.uuid()}.pdf", _script_of(story))
            clip.script, clip.script_name = key, "Kịch bản.pdf"
        clip.save(force_insert=True)
        for version in range(1, story.versions + 1):
            at = created_at + timedelta(minutes=3 + dice.below(20)) + timedelta(days=version - 1)
            file = self._file(story, clip, dice, version, at) if story.file else None
            if file is not None and clip.number is not None:
                self._screen(story, clip, file, at + timedelta(hours=6), is_last=version == story.versions)
            clip.current = file
        clip.save(update_fields=["current", "submitted_at", "rights_declared_at"])
        return clip

    # --- Files --------------------------------------------------------------------------------------

    def _file(self, story: Story, clip: Clip, dice: Dice, version: int, at: datetime) -> ClipFile:
        """A version of the clip's file, in the state of its story; earlier versions are ready."""
        scene = make_scenes()[story.scene]
        state = story.file if version == story.versions else FileState.READY
        file_id = dice.uuid()
        original = scene.original_of(file_id)
        if state == FileState.REFUSED:
            original = f"Video “{story.title}” ở máy của phòng Tổng hợp.\n".encode()
        file = ClipFile(
            id=file_id, clip=clip, version=version, name=_name_of(story, version), size=len(original),
            sha256=digest(original), received_by=clip.created_by, received_at=at, state=state, tries=1,
        )  # fmt: skip
        self._contents.add(original_key(file.pk), original)
        done = at + timedelta(seconds=40 + dice.below(80))
        if state == FileState.READY:
            file.progress, file.processed_at, file.seconds, file.probe = 100, done, scene.seconds, scene.probe
            file.has_poster, file.has_captions = True, story.has_captions
        elif state == FileState.PROCESSING:
            # A run that died: once its lease is over, the demo's own worker takes the file up again.
            file.progress, file.run = _PROGRESS, dice.uuid()
            file.lease_until = self._plan.at + UNTIL_CLOSE
        elif state == FileState.REFUSED:
            file.reason, file.processed_at = refusals.not_a_clip(), done
        else:
            file.reason, file.processed_at, file.tries = refusals.given_up(MOST_TRIES), done, MOST_TRIES
        file.save(force_insert=True)
        if state == FileState.READY:
            self._renditions(story, file)
        return file

    def _renditions(self, story: Story, file: ClipFile) -> None:
        scene = make_scenes()[story.scene]
        self._contents.add(poster_key(file.pk), scene.poster)
        for height, data in scene.renditions.items():
            self._contents.add(rendition_key(file.pk, height), data)
            Rendition.objects.create(
                file=file, height=height, pixels_wide=1280 if height == 720 else 854, pixels_high=height,
                size=len(data), sha256=digest(data),
            )  # fmt: skip
        if story.has_captions:
            self._contents.add(captions_key(file.pk), _CAPTIONS.format(title=story.title).encode())

    # --- Screening ----------------------------------------------------------------------------------

    def _screen(self, story: Story, clip: Clip, file: ClipFile, at: datetime, *, is_last: bool) -> None:
        """An earlier version was sent back; what became of the last is the clip's state."""
        state = ClipState(clip.state) if is_last else ClipState.SENT_BACK
        if not is_last:
            again = at + timedelta(hours=18)
            clip.submitted_at = clip.rights_declared_at = again
        if state not in DECISIONS:
            return
        Screening.objects.create(
            clip=clip, file=file, decision=DECISIONS[state], reason=story.reason,
            new_deadline=time_to_improve(self._plan) if state == ClipState.SENT_BACK else None,
            decided_by=self._organiser, decided_at=at,
        )  # fmt: skip


def _name_of(story: Story, version: int) -> str:
    """A name as people give to files."""
    return f"{story.title.lower()}{' (sửa)' if version > 1 else ''}.mp4"


def _script_of(story: Story) -> bytes:
    fonts = typst.Fonts(include_system_fonts=False)
    inputs = {"title": story.title, "summary": story.summary}
    script = typst.compile(_SCRIPT.encode(), format="pdf", font_paths=fonts, sys_inputs=inputs)
    assert isinstance(script, bytes)
    return script
