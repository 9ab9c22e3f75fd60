"""A judge's list of 110 clips that seven judges score: how many queries it takes, and how long."""

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.clock import server_now
from accounts.models import Role, RoleGrant, Unit, UnitKind, User
from bench.results import Result
from bench.timing import median_seconds
from contest.models import Contest
from videos.models import Clip, ClipContest, Genre, PanelMember, Rubric, ScoreSheet

CLIPS, JUDGES = 110, 7
MOST_QUERIES = 12


def run(*, quick: bool) -> list[Result]:
    visitor, path = _panel()

    def get() -> None:
        answer = visitor.get(path, secure=True)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")

    with CaptureQueriesContext(connection) as asked:
        get()
    queries = len(asked)  # the next request empties the log
    name, note = f"judge's list, {CLIPS} clips × {JUDGES}", "every clip on one page, sessions and frame included"
    took = median_seconds(get, repeats=3 if quick else 20)
    return [
        Result(name, queries, "queries", goal=("<=", MOST_QUERIES), note=note),
        Result(name, took * 1000, "ms"),
    ]


def _panel() -> tuple[Client, str]:
    """A judge who is signed in, and the address of their list."""
    kind = UnitKind.objects.create(name="Đơn vị")
    root = Unit.objects.create(code="BENCH", name="Ủy ban nhân dân tỉnh", kind=kind)
    judges = [
        User.objects.create(employee_id=f"GK{number}", full_name=f"Giám khảo {number}", password="!")
        for number in range(JUDGES)
    ]
    RoleGrant.objects.bulk_create(RoleGrant(user=judge, role=Role.JUDGE, unit=root) for judge in judges)
    contest = Contest.objects.create(slug="bench", title="Hội thi", unit=root, is_public=True)
    now = server_now()
    rubric = Rubric.objects.create(unit=root, code="bench", title="Thang điểm")
    rubric.criteria.create(position=1, title="Nội dung", maximum=100)
    clip_contest = ClipContest.objects.create(
        contest=contest,
        rubric=rubric,
        opens_at=now - timedelta(days=15),
        closes_at=now - timedelta(days=1),
        scoring_started_at=now,
    )
    PanelMember.objects.bulk_create(PanelMember(clip_contest=clip_contest, judge=judge) for judge in judges)
    genre = Genre.objects.create(clip_contest=clip_contest, position=1, name="Phóng sự")
    for number in range(1, CLIPS + 1):
        unit = Unit.objects.create(code=f"B{number}", name=f"Đơn vị {number}", kind=kind, parent=root)
        clip = Clip.objects.create(
            clip_contest=clip_contest, unit=unit, title=f"Video {number}", genre=genre, authors="Nhóm", number=number,
            created_by=judges[0], state="accepted", submitted_at=now, rights_declared_at=now,
        )  # fmt: skip
        ScoreSheet.objects.bulk_create(ScoreSheet(clip=clip, judge=judge) for judge in judges)
    visitor = Client(headers={"Host": "127.0.0.1"})
    visitor.force_login(judges[3], backend=settings.AUTHENTICATION_BACKENDS[0])
    return visitor, f"{reverse('judging')}?show=all"
