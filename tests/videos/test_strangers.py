"""Every address of a clip's files, in every way of delivery, by everybody who has no right to it; with controls."""

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from accounts.clock import server_now
from accounts.models import Role, RoleGrant
from tests.factories import grant, make_root, make_unit, make_user
from tests.faults.quiz import browser_of, client_of
from tests.videos.world import give_bytes, make_clip, make_clip_contest, make_judge, make_sheet, ready_file
from videos.models import Clip, ClipContest, ClipFile, ClipState, ScoreSheet, SheetState

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

NAMES = ("720.mp4", "480.mp4", "poster.jpg", "captions.vtt", "original")
CONTENT = b"noi dung khong ai duoc thay " * 40
UNIT, AUTHORS, FILE_NAME = "Ủy ban nhân dân xã Giấu Tên", "Nguyễn Thị Tác Giả", "xa-giau-ten-ban-cuoi.mp4"
WAYS = {"portal": 200, "nginx": 200, "s3": 302}


@pytest.fixture(params=WAYS)
def way(request, settings) -> str:
    """How the portal hands clips out. Signing an address for S3 needs nobody at its other end."""
    settings.CLIP_DELIVERY = request.param
    return request.param


def into_s3(settings) -> None:
    options = {
        "bucket_name": "clips", "endpoint_url": "http://127.0.0.1:1", "region_name": "us-east-1",
        "access_key": "portal", "secret_key": "bi-mat",
    }  # fmt: skip
    settings.STORAGES = settings.STORAGES | {"clips": {"BACKEND": "videos.s3.ClipS3Storage", "OPTIONS": options}}


@pytest.fixture
def clip(way, settings) -> Clip:
    """An accepted clip with two versions, of which the second counts, and a script."""
    unit = make_unit("XA-1", name=UNIT, parent=make_root())
    coordinator = make_user("dau-moi", unit=unit)
    grant(coordinator, Role.COORDINATOR, unit)
    clip = make_clip(make_clip_contest(is_blind=True), unit=unit, by=coordinator, state=ClipState.ACCEPTED,
                     authors=AUTHORS)  # fmt: skip
    give_bytes(clip, CONTENT)
    first = clip.current
    Clip.objects.filter(pk=clip.pk).update(current=ready_file(clip))
    clip.refresh_from_db()
    give_bytes(clip, CONTENT)
    ClipFile.objects.filter(clip=clip).update(name=FILE_NAME)
    clip.first = first
    if way == "s3":
        into_s3(settings)
    return clip


def addresses(clip: Clip) -> list[str]:
    media = [reverse("clip-media", args=[pk, name]) for pk in (clip.current_id, clip.first.pk) for name in NAMES]
    return [*media, reverse("clip-script", args=[clip.pk])]


def holder(role: Role, unit=None):
    user = make_user()
    grant(user, role, unit)
    return user


def strangers(clip: Clip) -> dict[str, Client]:
    elsewhere = make_unit(parent=make_root())
    contest = clip.clip_contest
    ended = make_user(unit=clip.unit)
    grant(ended, Role.COORDINATOR, clip.unit)
    RoleGrant.objects.filter(user=ended).update(valid_to=server_now())
    in_conflict, let_go = make_judge(contest), make_judge(contest)
    sheet = make_sheet(clip, in_conflict)
    ScoreSheet.objects.filter(pk=sheet.pk).update(has_conflict=True, state=SheetState.CONFLICT, reason="Người nhà")
    make_sheet(clip, let_go)
    RoleGrant.objects.filter(user=let_go).update(valid_to=server_now())
    of_another_clip = make_judge(contest)
    make_sheet(make_clip(contest, state=ClipState.ACCEPTED), of_another_clip)
    gone = holder(Role.COORDINATOR, clip.unit)
    signed_in_before = browser_of(gone)
    type(gone).objects.filter(pk=gone.pk).update(is_active=False)
    return {
        "nobody signed in": Client(),
        "participant of the unit": browser_of(make_user(unit=clip.unit)),
        "coordinator of another unit": browser_of(holder(Role.COORDINATOR, elsewhere)),
        "coordinator whose role has ended": browser_of(ended),
        "account that is closed": signed_in_before,
        "organiser of another unit": browser_of(holder(Role.ORGANISER, elsewhere)),
        "secretary of another unit": browser_of(holder(Role.SECRETARY, elsewhere)),
        "auditor of another unit": browser_of(holder(Role.AUDITOR, elsewhere)),
        "administrator": browser_of(holder(Role.ADMINISTRATOR)),
        "judge of no panel": browser_of(holder(Role.JUDGE)),
        "judge of another clip": browser_of(of_another_clip),
        "judge in conflict": browser_of(in_conflict),
        "judge whose role has ended": browser_of(let_go),
        "token of a participant": client_of(make_user(unit=clip.unit)),
    }


def test_a_stranger_gets_nothing_from_any_address(clip):
    for who, browser in strangers(clip).items():
        for url in addresses(clip):
            for answer in (
                browser.get(url), browser.head(url), browser.get(url, headers={"Range": "bytes=0-9"}),
                browser.get(url + "?unit=1&user=1"),
            ):  # fmt: skip
                assert answer.status_code == 404, (who, url)
                assert not {"Location", "X-Accel-Redirect", "Content-Range", "ETag"} & set(answer.headers), (who, url)
                assert CONTENT[:20] not in answer.content, (who, url)
            assert browser.post(url).status_code in (403, 405), (who, url)


def test_control_the_unit_and_the_organisers_get_all_of_them(clip, way):
    for who in (clip.created_by, holder(Role.ORGANISER), holder(Role.SECRETARY), holder(Role.AUDITOR)):
        browser = browser_of(who)
        browser.raise_request_exception = False
        answers = {url: browser.get(url) for url in addresses(clip)}
        # Captions come through the portal, which finds nobody at the other end.
        expected = {url: 503 if way == "s3" and url.endswith(".vtt") else WAYS[way] for url in answers}
        assert {url: answer.status_code for url, answer in answers.items()} == expected


def test_a_judge_gets_what_is_shown_of_the_version_that_counts_and_learns_no_name_from_it(clip, way):
    judge = make_judge(clip.clip_contest)
    make_sheet(clip, judge)
    browser = browser_of(judge)
    browser.raise_request_exception = False
    shown = addresses(clip)[:4]
    for url in addresses(clip):
        answer = browser.get(url)
        got = "Location" in answer or "X-Accel-Redirect" in answer or answer.status_code in (200, 503)
        assert got == (url in shown), url
        told = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
        for secret in (UNIT, AUTHORS, FILE_NAME, "giau-ten", clip.unit.code, str(clip.pk)):
            assert secret not in told, (url, secret)
        assert answer.headers.get("Content-Disposition") is None


def test_before_publication_a_hidden_contest_or_another_state_opens_nothing_to_everybody(clip):
    for state in (ClipState.DRAFT, ClipState.SUBMITTED, ClipState.SENT_BACK, ClipState.REJECTED):
        Clip.objects.filter(pk=clip.pk).update(state=state)
        assert {Client().get(url).status_code for url in addresses(clip)} == {404}
    Clip.objects.filter(pk=clip.pk).update(state=ClipState.ACCEPTED)
    now = server_now()
    contests = ClipContest.objects.filter(pk=clip.clip_contest_id)
    contests.update(closes_at=now, scoring_started_at=F("opens_at"), locked_at=now)
    contests.update(published_at=now)
    assert {Client().get(url).status_code for url in addresses(clip)[4:]} == {404}
    assert Client().head(addresses(clip)[0]).status_code != 404, "the control"
    clip.clip_contest.contest.is_public = False
    clip.clip_contest.contest.save()
    assert {Client().get(url).status_code for url in addresses(clip)} == {404}
