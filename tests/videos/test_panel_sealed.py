"""Before the panel locks nobody finds another judge's score, average or order anywhere; blind judges find no unit."""

import re
from collections.abc import Iterator
from decimal import Decimal
from statistics import mean

import pytest
from django.core.cache import cache
from django.test import Client, override_settings

from accounts.models import Role
from notifications.models import Notification
from tests.factories import grant, make_contest, make_root, make_unit, make_user
from tests.faults.addresses import Address, addresses
from tests.faults.quiz import browser_of
from tests.faults.secrets_world import content_of, text_of
from tests.videos.test_panel_services import closed_contest
from tests.videos.world import make_clip, make_judge, make_rubric
from videos.models import Clip, ClipContest, CriterionScore, ScoreSheet
from videos.panel import services
from videos.result.services import compute_result

pytestmark = [pytest.mark.django_db]

# Points of the other judges, to the hundredth: printed by nothing else.
CANARIES = {2: ("61.37", "17.44"), 3: ("58.19", "21.74")}
REMARK = "KIM-TUOC-NHAN-XET"
UNIT, AUTHOR, LINK = "Đơn vị Kim Tước", "Tác giả Kim Tước", "https://kim-tuoc.example/"


class World:
    """Three judges of two clips: the first has scored by himself, the two others have handed in their canaries."""

    def __init__(self, **fields):
        contest = make_contest(title="Hội thi kín")
        self.contest = closed_contest(contest=contest, rubric=make_rubric(70, 30, step="0.01"), **fields)
        self.unit = make_unit("KIM", name=UNIT, parent=make_root())
        own = {"authors": AUTHOR, "summary": AUTHOR, "outside_link": LINK}
        by = make_user(unit=self.unit, full_name=AUTHOR)
        self.clips = [
            make_clip(self.contest, unit=self.unit, state="accepted", by=by, title=f"Phim {n}", **own) for n in range(2)
        ]
        self.clips[0].files.update(name="don-vi-kim-tuoc.mp4")
        self.judges = [make_judge(self.contest, is_chair=n == 0, unit=make_root()) for n in range(3)]
        self.organiser = make_user()
        grant(self.organiser, Role.ORGANISER)
        services.start_scoring(clip_contest=self.contest, actor=self.organiser)
        for place, points in CANARIES.items():
            for clip in self.clips:
                self.score(self.judges[place - 1], clip, points)
        self.score(self.judges[0], self.clips[0], ("50", "10"), end=False)
        self.people = {"judge": self.judges[0], "organiser": self.organiser, "author": by, "coordinator": make_user()}
        grant(self.people["coordinator"], Role.COORDINATOR, self.unit)
        for role in (Role.SECRETARY, Role.AUDITOR, Role.ADMINISTRATOR):
            self.people[role.value] = make_user()
            grant(self.people[role.value], role)

    def sheet(self, judge, clip) -> ScoreSheet:
        return ScoreSheet.objects.get(judge=judge, clip=clip)

    def score(self, judge, clip, points, *, end: bool = True) -> None:
        sheet = self.sheet(judge, clip)
        for position, text in enumerate(points, start=1):
            services.save_points(sheet=sheet, position=position, points=Decimal(text), sequence=1, actor=judge)
        services.save_comment(sheet=sheet, comment=REMARK if end else "Của tôi", sequence=1, actor=judge)
        if end:
            services.submit_sheet(sheet=sheet, actor=judge)

    def values(self, judge) -> dict[str, list[str]]:
        """What fills addresses: everything there is of this contest, one's own and others'."""
        sheets = [str(pk) for pk in ScoreSheet.objects.order_by("judge_id", "pk").values_list("pk", flat=True)]
        clips = [str(clip.pk) for clip in self.clips]
        files = [str(clip.current_id) for clip in self.clips]
        contest = str(self.contest.pk)
        messages = Notification.objects.filter(user=judge).values_list("pk", flat=True)
        return {
            "judging:int": sheets,
            "clips:int": [contest],
            "missing:int": [contest],
            "points:int": ["1"],
            "members:int": [str(self.contest.panel.first().pk)],
            "contests:int": [str(self.contest.contest_id)],
            "contests:slug": [self.contest.contest.slug],
            "notifications:int": [str(pk) for pk in messages] or ["1"],
            "messages:slug": ["round_opened"],
            "units:int": [str(self.unit.pk)],
            "files:uuid": files,
            "name": ["720.mp4", "poster.jpg"],
            "int": [contest],
            "uuid": clips,
            "slug": [self.contest.contest.slug],
            "str": ["x"],
            "path": ["x"],
        }


def secrets() -> dict[str, set[str]]:
    """Names of what nobody may find, with every spelling of it."""
    totals = {place: sum(map(Decimal, points)) for place, points in CANARIES.items()}
    figures = {f"points of judge {place}": set(points) for place, points in CANARIES.items()}
    figures |= {f"total of judge {place}": {str(total)} for place, total in totals.items()}
    exact = mean([*totals.values(), Decimal(60)])
    figures["average of all"] = {f"{exact:.2f}", f"{exact:.3f}"}
    figures["average of the others"] = {f"{mean(totals.values()):.2f}", f"{mean(totals.values()):.3f}"}
    spelled = {name: texts | {text.replace(".", ",") for text in texts} for name, texts in figures.items()}
    return spelled | {"remark": {REMARK}}


def found_by(client: Client, world: World, user, only: re.Pattern[str] = re.compile("")) -> dict[str, set[str]]:
    """{address: names of secrets} of everything that asking for every address brings, with headers."""
    found: dict[str, set[str]] = {}
    for address, url in urls_of(world.values(user)):
        if not only.search(url):
            continue
        cache.clear()
        response = client.get(url)
        assert response.status_code != 500, url
        text = text_of(content_of(response)) + "\n".join(map(str, response.items()))
        seen = {name for name, spellings in secrets().items() if any(one in text for one in spellings)}
        if seen:
            found[address.name] = found.get(address.name, set()) | seen
    return found


def urls_of(values: dict[str, list[str]]) -> Iterator[tuple[Address, str]]:
    for address in addresses():
        if address.name in ("account_logout",) or address.route.startswith("accounts/sso"):
            continue
        for url in address.urls(values):
            yield address, url


# --- Sealed ---------------------------------------------------------------------------------------------


@pytest.mark.slow
@override_settings(ADMIN_PATH="")
def test_before_the_lock_nobody_finds_another_judges_score_anywhere():
    world = World()
    leaks = {}
    for who, user in world.people.items():
        found = found_by(browser_of(user, raise_request_exception=False), world, user)
        if found:
            leaks[who] = found
    anonymous = found_by(Client(raise_request_exception=False), world, world.judges[0])
    assert (leaks, anonymous) == ({}, {})


@pytest.mark.slow
def test_control_a_judge_finds_the_scores_that_are_theirs_and_after_the_lock_organisers_find_all():
    world = World()
    judge = world.judges[1]
    own = found_by(browser_of(judge), world, judge, re.compile("^/clips/judging/"))
    assert own == {
        "judging": {"total of judge 2"},
        "judging-sheet": {"points of judge 2", "total of judge 2", "remark"},
    }
    services.submit_sheet(sheet=world.sheet(world.judges[0], world.clips[0]), actor=world.judges[0])
    for clip in world.clips[1:]:
        services.abstain(sheet=world.sheet(world.judges[0], clip), reason="Ốm", actor=world.judges[0])
    services.lock_panel(clip_contest=world.contest, actor=world.organiser)
    compute_result(clip_contest=world.contest, actor=world.organiser)
    found = found_by(browser_of(world.organiser), world, world.organiser, re.compile("^/manage/clips/"))
    everything = set().union(*found.values())
    assert {"total of judge 2", "total of judge 3", "average of all"} <= everything


def bodies_for(user, urls) -> list[tuple[str, str | None]]:
    """Pages as they come, without what differs with every request."""
    browser = browser_of(user)
    pages = []
    for url in urls:
        response = browser.get(url)
        text = response.content.decode()
        text = re.sub(r'(csrfmiddlewaretoken" value|data-seconds|data-server-time)="[^"]*"', "", text)
        pages.append((re.sub(r"\b\d\d:\d\d:\d\d\b", "", text), response.headers.get("ETag")))
    return pages


@pytest.mark.slow
def test_pages_of_a_judge_do_not_change_with_what_the_others_score_or_how_far_they_are():
    """Neither order nor count nor ETag tells: the same pages before and after the others' sheets are turned round."""
    world = World()
    judge = world.judges[0]
    own = ScoreSheet.objects.filter(judge=judge).order_by("pk")
    urls = ["/clips/judging/?show=all", "/clips/judging/?show=left", f"/clips/judging/missing/{world.contest.pk}/"]
    urls += [f"/clips/judging/{sheet.pk}/" for sheet in own] + ["/notifications/"]
    before = bodies_for(judge, urls)
    assert all(etag is None for _body, etag in before)
    others = ScoreSheet.objects.exclude(judge=judge)
    others.filter(clip=world.clips[0]).update(state="assigned", submitted_at=None)
    others.filter(clip=world.clips[0]).update(state="scoring")
    CriterionScore.objects.filter(sheet__in=others.filter(clip=world.clips[0])).update(points=Decimal("1"))
    assert bodies_for(judge, urls) == before


def test_organisers_see_the_same_page_whatever_the_points_are_before_the_lock():
    world = World()
    url = f"/manage/clips/{world.contest.pk}/panel/"
    before = bodies_for(world.organiser, [url])
    assert not re.search(r"\b61\b", re.sub(r"<[^>]*>", "", before[0][0]))  # alone: names of people have numbers too
    others = ScoreSheet.objects.filter(judge=world.judges[1])
    others.update(state="scoring", submitted_at=None)
    CriterionScore.objects.filter(sheet__in=others).update(points=Decimal("3"))
    for sheet in others:
        services.submit_sheet(sheet=sheet, actor=world.judges[1])
    assert bodies_for(world.organiser, [url]) == before


@pytest.mark.slow
def test_the_chair_sees_what_is_missing_only_when_their_own_sheets_are_done():
    world = World()
    chair, second = world.judges[0], world.judges[1]
    late = world.sheet(second, world.clips[0])
    ScoreSheet.objects.filter(pk=late.pk).update(state="scoring", submitted_at=None)
    browser, url = browser_of(chair), f"/clips/judging/missing/{world.contest.pk}/"
    assert second.full_name not in browser.get(url).content.decode()
    assert browser.post(url, {"sheets": late.pk, "reason": "Ốm"}).status_code == 409
    for clip in world.clips:
        services.abstain(sheet=world.sheet(chair, clip), reason="Ốm", actor=chair)
    assert second.full_name in browser.get(url).content.decode()
    assert browser.post(url, {"sheets": late.pk, "reason": " "}).status_code == 422
    assert browser.post(url, {"sheets": late.pk, "reason": "Đi công tác"}).status_code == 302
    late.refresh_from_db()
    assert (late.state, late.chair_decision.decided_by) == ("closed", chair)
    assert browser_of(second).get(url).status_code == 404
    assert browser_of(second).post(url, {"sheets": late.pk, "reason": "Ốm"}).status_code == 404


# --- Blind ----------------------------------------------------------------------------------------------

NAMES = (UNIT, AUTHOR, LINK, "don-vi-kim-tuoc")


def names_found(world: World, user) -> dict[str, set[str]]:
    browser, found = browser_of(user, raise_request_exception=False), {}
    for address, url in urls_of(world.values(user)):
        if not re.match("/(clips|notifications|manage/clips|api)", url):
            continue
        response = browser.get(url)
        text = text_of(content_of(response)) + "\n".join(map(str, response.items()))
        seen = {name for name in NAMES if name in text}
        if seen:
            found[address.name] = found.get(address.name, set()) | seen
    return found


@pytest.mark.slow
def test_blind_judges_find_no_unit_no_author_and_no_file_name():
    world = World(is_blind=True)
    assert names_found(world, world.judges[0]) == {}
    page = browser_of(world.judges[0]).get("/clips/judging/?show=all").content.decode()
    assert "Phim 0" in page
    messages = Notification.objects.filter(user__in=world.judges)
    told = "\n".join(text for row in messages.values_list("own_subject", "own_body", "own_path") for text in row)
    assert [name for name in NAMES if name in told] == []


@pytest.mark.slow
def test_control_judges_who_are_not_blind_see_unit_and_author():
    world = World()
    found = names_found(world, world.judges[0])
    assert found["judging"] == {UNIT}
    assert found["judging-sheet"] == {UNIT, AUTHOR, LINK}


def test_the_clip_of_a_declared_conflict_is_no_longer_the_judges_to_open():
    world = World()
    judge, clip = world.judges[0], world.clips[1]
    services.declare_conflict(sheet=world.sheet(judge, clip), reason="Người nhà", actor=judge)
    page = browser_of(judge).get(f"/clips/judging/{world.sheet(judge, clip).pk}/").content.decode()
    assert "<video" not in page
    assert AUTHOR not in page
    assert Clip.objects.filter(pk=clip.pk, sheets__has_conflict=True).exists()
    assert ClipContest.objects.get(pk=world.contest.pk).locked_at is None
