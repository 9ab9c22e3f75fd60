"""A panel that changes while it scores: who takes a judge's place, for what, and what stays as it was."""

from decimal import Decimal

import pytest
from django.utils import translation

from accounts.clock import server_now
from accounts.models import AuditEntry, Role
from accounts.problems import Problem
from notifications.models import Notification
from reports.clips.content import ClipWish, clip_content_of
from reports.models import ExportKind
from tests.factories import grant, make_unit, make_user
from tests.faults.quiz import browser_of
from tests.reports.test_clip_files import text_of
from tests.videos.panels import organiser_of, panel
from tests.videos.test_panel_sealed import bodies_for
from tests.videos.test_panel_services import closed_contest, reasons
from tests.videos.world import make_clip, make_judge, make_sheet
from videos.models import Combination, CriterionScore, PanelChange, ScoreSheet, SheetState
from videos.panel import services
from videos.panel.access import panels_of, sheets_of
from videos.panel.services.replacing import clips_left_by, newcomers, short_clips
from videos.result.services import compute_result
from videos.watching.access import may_watch

pytestmark = pytest.mark.django_db

WHY = "Ốm phải nằm viện"


def scoring(**fields):
    """Three judges and four clips. The second has handed in the first clip, begun the second, abstained from the
    third and not touched the fourth; the others have handed in everything."""
    contest, judges, clips = panel(*[[(60, 20), None, (50, 20)]] * 4, judges=3, locked=False, **fields)
    ill = judges[1]
    make_sheet(clips[0], ill, 40, 10)
    make_sheet(clips[1], ill, 30, 5, submitted=False)
    ScoreSheet.objects.create(clip=clips[2], judge=ill, state=SheetState.ABSTAINED, reason="Sốt")
    make_sheet(clips[3], ill)
    return contest, judges, clips


def newcomer(contest, **fields):
    judge = make_user(**fields)
    grant(judge, Role.JUDGE, contest.contest.unit)
    return judge


def replace(contest, ill, judge, actor=None, reason=WHY):
    member = contest.panel.get(judge=ill)
    return services.replace_judge(member=member, judge=judge, reason=reason, actor=actor or organiser_of(contest))


def states_of(judge) -> list[tuple[int, str, str]]:
    sheets = ScoreSheet.objects.filter(judge=judge).order_by("clip__number")
    return list(sheets.values_list("clip__number", "state", "reason"))


# --- Replacing --------------------------------------------------------------------------------------


def test_the_newcomer_gets_what_was_not_handed_in_and_what_was_stays():
    contest, (_chair, ill, _other), _clips = scoring()
    actor, fresh = organiser_of(contest), newcomer(contest)
    change = replace(contest, ill, fresh, actor)
    assert states_of(ill) == [(1, "submitted", ""), (2, "closed", WHY), (3, "abstained", "Sốt"), (4, "closed", WHY)]
    assert states_of(fresh) == [(2, "assigned", ""), (3, "assigned", ""), (4, "assigned", "")]
    assert set(contest.panel.values_list("judge", flat=True)) & {ill.pk, fresh.pk} == {fresh.pk}
    assert (change.left, change.joined, change.clips, change.reason) == (ill, fresh, [2, 3, 4], WHY)
    entry = AuditEntry.objects.get(verb="panel.replace")
    assert (entry.actor, entry.before) == (actor, {"judge": ill.employee_id, "closed": [2, 4]})
    assert entry.after == {"judge": fresh.employee_id, "clips": [2, 3, 4], "reason": WHY}


def test_the_desk_is_the_newcomers_and_no_longer_that_of_who_left():
    contest, (_chair, ill, _other), clips = scoring()
    fresh = newcomer(contest)
    assert may_watch(ill, clips[1])
    replace(contest, ill, fresh)
    assert [panel.left for panel in panels_of(fresh)] == [3]
    assert (list(panels_of(ill)), list(sheets_of(ill))) == ([], [])
    assert (may_watch(ill, clips[1]), may_watch(fresh, clips[1]), may_watch(fresh, clips[0])) == (False, True, False)
    begun = ScoreSheet.objects.get(judge=ill, clip=clips[1])
    with pytest.raises(Problem) as refused:
        services.save_points(sheet=begun, position=1, points=Decimal(9), sequence=9, actor=ill)
    assert refused.value.code == "sheet_closed"
    told = {row.user_id: row.own_subject for row in Notification.objects.all()}
    assert told == {fresh.pk: "Bạn có 3 video cần chấm", ill.pk: "Bạn không còn trong Ban Giám khảo video"}
    sheet = ScoreSheet.objects.get(judge=fresh, clip=clips[1])
    for position in (1, 2):
        services.save_points(sheet=sheet, position=position, points=Decimal(20), sequence=1, actor=fresh)
    assert services.submit_sheet(sheet=sheet, actor=fresh).state == SheetState.SUBMITTED


def test_who_must_not_or_cannot_take_the_place_is_refused_and_nothing_changes():
    contest, (chair, ill, other), clips = scoring()
    of_unit, able, stranger = newcomer(contest, unit=clips[2].unit), newcomer(contest), make_user()
    below = newcomer(contest, unit=make_unit(parent=clips[3].unit))
    before = states_of(ill)
    barred = (
        "%s không được chấm video số %s: video của chính đơn vị mình, của đơn vị cấp trên, của đơn vị mà"
        " mình là đầu mối hoặc do mình gửi. Hãy chọn người khác."
    )
    assert reasons(lambda: replace(contest, ill, of_unit)) == [barred % (of_unit.full_name, 3)]
    assert reasons(lambda: replace(contest, ill, below)) == [barred % (below.full_name, 4)]
    assert reasons(lambda: replace(contest, ill, other)) == [f"{other.full_name} đã có trong Ban Giám khảo."]
    role = f"{stranger.full_name} chưa được cấp vai trò Giám khảo của hội thi này."
    assert reasons(lambda: replace(contest, ill, stranger)) == [role]
    assert reasons(lambda: replace(contest, ill, able, reason=" ")) == ["Hãy ghi rõ lý do."]
    first = "Hãy cử Trưởng ban khác trước khi thay giám khảo này."
    assert reasons(lambda: replace(contest, chair, able)) == [first]
    done = f"{other.full_name} đã nộp mọi phiếu được giao nên không còn gì để người khác chấm thay."
    assert reasons(lambda: replace(contest, other, able)) == [done]
    assert (states_of(ill), states_of(able), PanelChange.objects.count()) == (before, [], 0)
    assert set(newcomers(contest)) == {of_unit, below, able}


def test_who_has_left_does_not_come_back():
    contest, (_chair, ill, _other), _clips = scoring()
    fresh = newcomer(contest)
    replace(contest, ill, fresh)
    again = f"{ill.full_name} đã rời Ban Giám khảo này nên không vào lại được."
    assert reasons(lambda: replace(contest, fresh, ill)) == [again]
    assert ill not in newcomers(contest)


def test_a_panel_changes_only_between_its_start_and_its_lock():
    contest = closed_contest()
    judges = [make_judge(contest, is_chair=number == 0) for number in range(2)]
    fresh, clip = newcomer(contest), make_clip(contest, state="accepted")
    not_yet = "Ban Giám khảo chưa bắt đầu chấm."
    assert reasons(lambda: replace(contest, judges[1], fresh)) == [not_yet]
    assert reasons(lambda: add(contest, fresh, [clip])) == [not_yet]
    services.start_scoring(clip_contest=contest, actor=fresh)
    for sheet in ScoreSheet.objects.all():
        services.abstain(sheet=sheet, reason="Ốm", actor=sheet.judge)
    services.lock_panel(clip_contest=contest, actor=fresh)
    over = "Ban Giám khảo đã khóa chấm điểm."
    assert reasons(lambda: replace(contest, judges[1], fresh)) == [over]
    assert reasons(lambda: add(contest, fresh, [clip])) == [over]
    assert not PanelChange.objects.exists()


def test_sheets_that_the_chair_has_closed_already_pass_on_too():
    contest, (chair, ill, _other), clips = scoring()
    for sheet in ScoreSheet.objects.filter(judge=ill, clip__in=[clips[1], clips[3]]):
        services.close_sheet(sheet=sheet, reason="Đi công tác", actor=chair)
    fresh = newcomer(contest)
    assert [clip.number for clip in clips_left_by(contest.panel.get(judge=ill))] == [2, 3, 4]
    replace(contest, ill, fresh)
    assert states_of(ill)[1] == (2, "closed", "Đi công tác")
    assert [number for number, *_ in states_of(fresh)] == [2, 3, 4]


# --- Adding -----------------------------------------------------------------------------------------


def add(contest, judge, clips, reason=WHY):
    actor = organiser_of(contest)
    return services.add_judge(clip_contest=contest, judge=judge, clips=clips, reason=reason, actor=actor)


def test_a_judge_is_added_for_clips_that_lack_sheets_and_only_these():
    contest, (_chair, ill, _other), clips = scoring()
    assert [(one.clip.number, one.there_are, one.wanted) for one in short_clips(contest)] == [(3, 2, 3)]
    fresh = newcomer(contest)
    only = "Hãy chọn ít nhất một video, chỉ trong những video còn thiếu phiếu chấm."
    for wrong in ([], [clips[0]], [clips[2], clips[0]]):
        assert reasons(lambda wrong=wrong: add(contest, fresh, wrong)) == [only]
    change = add(contest, fresh, [clips[2]])
    assert (change.left, change.clips) == (None, [3])
    assert states_of(fresh) == [(3, "assigned", "")]
    assert [number for number, *_ in states_of(ill)] == [1, 2, 3, 4]
    assert short_clips(contest) == []
    assert AuditEntry.objects.get(verb="panel.add").after == {
        "judge": fresh.employee_id,
        "clips": [3],
        "reason": WHY,
    }


def test_a_judge_of_the_clips_own_unit_is_not_added_for_it():
    contest, _judges, clips = scoring()
    assert len(reasons(lambda: add(contest, newcomer(contest, unit=clips[2].unit), [clips[2]]))) == 1


def test_what_a_clip_should_have_follows_the_rules():
    contest, _judges, _clips = scoring(judges_per_clip=3)
    assert [(one.clip.number, one.there_are, one.wanted) for one in short_clips(contest)] == [(3, 2, 3)]
    trimmed, *_ = panel([(60, 20)], locked=False, combination=Combination.TRIMMED_MEAN)
    assert [(one.there_are, one.wanted) for one in short_clips(trimmed)] == [(1, 3)]
    late = make_clip(contest, state="accepted")  # no sheets at all: to be given out, not short
    assert late.number not in [one.clip.number for one in short_clips(contest)]


# --- The result and its papers ----------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("combination", list(Combination))
def test_the_result_counts_who_left_and_who_came(combination):
    contest, (_chair, ill, _other), clips = scoring(combination=combination)
    fresh = newcomer(contest)
    replace(contest, ill, fresh)
    for sheet in ScoreSheet.objects.filter(judge=fresh):
        for position in (1, 2):
            services.save_points(sheet=sheet, position=position, points=Decimal(20), sequence=1, actor=fresh)
        services.submit_sheet(sheet=sheet, actor=fresh)
    services.lock_panel(clip_contest=contest, actor=organiser_of(contest))
    result = compute_result(clip_contest=contest, actor=None)
    by_judge = {judge["name"]: judge["id"] for judge in result.input["judges"]}
    counted = sorted((by_judge[sheet["judge"]], sheet["clip"]) for sheet in result.input["sheets"])
    assert [clip for judge, clip in counted if judge == ill.pk] == [str(clips[0].pk)]
    assert sum(judge == fresh.pk for judge, _clip in counted) == 3
    assert set(result.standings.values_list("sheets", flat=True)) == {3}
    if combination == Combination.MEAN:
        # (80 + 50 + 70) / 3 with the sheet of who left, (80 + 40 + 70) / 3 with those of who came
        scores = result.standings.order_by("clip__number").values_list("score", flat=True)
        assert list(map(str, scores)) == ["66.67", "63.33", "63.33", "63.33"]


def test_the_minutes_say_who_left_when_why_and_who_came():
    contest, (_chair, ill, _other), _clips = scoring()
    fresh, actor = newcomer(contest), organiser_of(contest)
    change = replace(contest, ill, fresh, actor)
    for sheet in ScoreSheet.objects.filter(judge=fresh):
        services.abstain(sheet=sheet, reason="Bận", actor=fresh)
    services.lock_panel(clip_contest=contest, actor=actor)
    compute_result(clip_contest=contest, actor=None)
    with translation.override("en"):
        said = text_of(clip_content_of(ClipWish(ExportKind.CLIP_MINUTES, contest), scores=True))
    assert change.decided_at is not None
    assert (
        f"giám khảo {ill.full_name} thôi chấm, phiếu đã nộp vẫn được tính; giám khảo {fresh.full_name} vào thay, chấm"
        f" video số 2, 3, 4. Lý do: {WHY} (người ghi: {actor.full_name})."
    ) in said
    assert "Đã rời Ban" in said


# --- Pages ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_organiser_replaces_a_judge_on_the_page():
    contest, (_chair, ill, other), _clips = scoring()
    fresh, actor = newcomer(contest), organiser_of(contest)
    tab, url = browser_of(actor), f"/manage/clips/{contest.pk}/panel/"
    page = f"{url}members/{contest.panel.get(judge=ill).pk}/replace/"
    overview = tab.get(url).content.decode()
    assert page in overview
    assert f"members/{contest.panel.get(judge=other).pk}/replace/" not in overview
    asked = tab.get(page).content.decode()
    assert "giám khảo mới nhận video số 2, 3, 4." in asked
    assert "Người đã rời Ban không vào lại." in asked
    missing = tab.post(page, {"judge": fresh.pk, "reason": " "})
    assert (missing.status_code, PanelChange.objects.count()) == (422, 0)
    assert tab.post(page, {"judge": other.pk, "reason": WHY}).status_code == 422
    done = tab.post(page, {"judge": fresh.pk, "reason": WHY}, follow=True).content.decode()
    assert f"{fresh.full_name} vào thay {ill.full_name}. Cả hai đã được báo." in done
    assert f"Video số 2, 3, 4. Lý do: {WHY} (người ghi: {actor.full_name})." in done
    assert "Đã rời Ban" in done
    assert tab.get(page).status_code == 404


@pytest.mark.slow
def test_an_organiser_adds_a_judge_on_the_page():
    contest, _judges, clips = scoring()
    fresh = newcomer(contest)
    tab, url = browser_of(organiser_of(contest)), f"/manage/clips/{contest.pk}/panel/"
    assert f"{url}add/" in tab.get(url).content.decode()
    assert "Video số 3: có 2/3 phiếu" in tab.get(f"{url}add/").content.decode()
    sent = {"judge": fresh.pk, "reason": WHY}
    assert tab.post(f"{url}add/", {**sent, "clips": [str(clips[0].pk)]}).status_code == 422
    assert tab.post(f"{url}add/", {**sent, "clips": [str(clips[2].pk)]}).status_code == 302
    assert states_of(fresh) == [(3, "assigned", "")]
    assert f"{url}add/" not in tab.get(url).content.decode()


@pytest.mark.slow
def test_the_pages_of_a_change_are_the_same_whatever_the_points_are():
    contest, (chair, ill, _other), clips = scoring()
    organiser, url = organiser_of(contest), f"/manage/clips/{contest.pk}/panel/"
    urls = [url, f"{url}add/", f"{url}members/{contest.panel.get(judge=ill).pk}/replace/"]
    before = bodies_for(organiser, urls)
    handed_in = ScoreSheet.objects.filter(judge=chair)
    handed_in.update(state="scoring", submitted_at=None)
    CriterionScore.objects.filter(sheet__in=handed_in).update(points=Decimal("3"))
    CriterionScore.objects.filter(sheet__clip=clips[1], sheet__judge=ill).update(points=Decimal("1"))
    handed_in.update(state="submitted", submitted_at=server_now())
    assert bodies_for(organiser, urls) == before


def test_a_locked_panel_offers_no_change():
    contest, _judges, _clips = panel([(60, 20)])
    judge = make_judge(contest)
    tab, url = browser_of(organiser_of(contest)), f"/manage/clips/{contest.pk}/panel/"
    for path in ("add/", f"members/{contest.panel.get(judge=judge).pk}/replace/"):
        assert tab.get(f"{url}{path}")["Location"] == url
        assert tab.post(f"{url}{path}", {"judge": 1, "reason": WHY})["Location"] == url
        assert url + path not in tab.get(url).content.decode()
