"""Appointing, starting, assigning, closing and locking: what organisers do with a panel."""

from datetime import timedelta

import pytest

from accounts.clock import server_now
from accounts.models import AuditEntry, Role, RoleGrant
from accounts.problems import Refused
from notifications.models import Notification
from tests.factories import grant, make_root, make_unit, make_user
from tests.videos.world import make_clip, make_clip_contest, make_judge, make_rubric, make_sheet, ready_file
from videos.models import ChairDecision, Clip, ClipContest, Combination, PanelMember, ScoreSheet, SheetState
from videos.panel import services
from videos.panel.interests import excluded_pairs

pytestmark = pytest.mark.django_db


def closed_contest(**fields) -> ClipContest:
    """A clip contest whose time for receiving clips is over; nothing of it is scored."""
    now = server_now()
    return make_clip_contest(opens_at=now - timedelta(days=9), closes_at=now - timedelta(days=1), **fields)


@pytest.fixture
def organiser():
    return make_user("to-chuc")


@pytest.fixture
def contest():
    """Three judges, one in the chair, and four accepted clips."""
    contest = closed_contest()
    for number in range(3):
        make_judge(contest, is_chair=number == 0)
    for _ in range(4):
        make_clip(contest, state="accepted")
    return contest


def reasons(act) -> list[str]:
    with pytest.raises(Refused) as caught:
        act()
    return [str(reason) for reason in caught.value.reasons]


# --- Appointing -------------------------------------------------------------------------------------


def test_only_who_holds_the_role_over_the_contest_can_be_appointed(organiser):
    contest = closed_contest()
    stranger, elsewhere, judge = make_user(full_name="Trần Văn Lạ"), make_user(), make_user()
    grant(elsewhere, Role.JUDGE, make_unit(parent=make_root()))
    grant(judge, Role.JUDGE)
    for person in (stranger, elsewhere):
        act = lambda: services.appoint_judge(clip_contest=contest, judge=person, actor=organiser)  # noqa: B023, E731
        assert reasons(act) == [f"{person.full_name} chưa được cấp vai trò Giám khảo của hội thi này."]
    services.appoint_judge(clip_contest=contest, judge=judge, is_chair=True, actor=organiser)
    assert list(contest.panel.values_list("judge", "is_chair")) == [(judge.pk, True)]
    assert AuditEntry.objects.get(verb="panel.appoint").after == {"judge": judge.employee_id, "is_chair": True}
    act = lambda: services.appoint_judge(clip_contest=contest, judge=judge, actor=organiser)  # noqa: E731
    assert reasons(act) == [f"{judge.full_name} đã có trong Ban Giám khảo."]


def test_there_is_one_chair_and_the_next_one_replaces_the_first(contest, organiser):
    _first, second, _third = contest.panel.order_by("pk")
    services.make_chair(member=second, actor=organiser)
    assert list(contest.panel.filter(is_chair=True)) == [second]
    newcomer = make_user()
    grant(newcomer, Role.JUDGE)
    services.appoint_judge(clip_contest=contest, judge=newcomer, is_chair=True, actor=organiser)
    assert [member.judge for member in contest.panel.filter(is_chair=True)] == [newcomer]


def test_judges_can_be_dismissed_until_the_panel_begins(contest, organiser):
    first, second, third = contest.panel.order_by("pk")
    services.dismiss_judge(member=third, actor=organiser)
    assert list(contest.panel.order_by("pk")) == [first, second]
    services.start_scoring(clip_contest=contest, actor=organiser)
    assert reasons(lambda: services.dismiss_judge(member=second, actor=organiser)) == [
        "Ban Giám khảo đã bắt đầu chấm. Phiếu không chấm được thì khép lại theo quyết định của Trưởng ban."
    ]
    late = make_user()
    grant(late, Role.JUDGE)
    assert reasons(lambda: services.appoint_judge(clip_contest=contest, judge=late, actor=organiser)) == [
        "Ban Giám khảo đã bắt đầu chấm. Chỉ thay giám khảo hoặc thêm giám khảo cho video thiếu phiếu, có ghi lý do."
    ]


# --- Starting ---------------------------------------------------------------------------------------


def test_everything_that_is_missing_is_said_at_once_and_nothing_is_written(organiser):
    contest = make_clip_contest(rubric=None, judges_per_clip=2)
    make_judge(contest)
    make_clip(contest, state="submitted")
    make_clip(contest, state="submitted")
    found = reasons(lambda: services.start_scoring(clip_contest=contest, actor=organiser))
    assert found[0] == "Chưa chọn thang điểm."
    assert found[1].startswith("Chưa hết hạn nhận video (")
    assert found[2:] == [
        "Chưa rà soát xong: video số 1, 2.",
        "Chưa có video nào được đưa vào chấm.",
        "Cần ít nhất 2 giám khảo; hiện có 1.",
    ]
    contest.refresh_from_db()
    assert (contest.scoring_started_at, ScoreSheet.objects.count()) == (None, 0)


def test_a_rubric_needs_criteria_a_panel_a_chair_and_members_their_role(organiser):
    contest = closed_contest(rubric=make_rubric())
    contest.rubric.criteria.all().delete()
    judges = [make_judge(contest) for _ in range(2)]
    make_clip(contest, state="accepted")
    assert services.faults_before_scoring(contest) == [
        "Thang điểm chưa có tiêu chí nào.",
        "Chưa cử Trưởng ban Giám khảo.",
    ]
    RoleGrant.objects.filter(user=judges[0]).update(valid_to=server_now())
    judges[1].is_active = False
    judges[1].save()
    names = ", ".join(judge.full_name for judge in judges)
    assert services.faults_before_scoring(contest)[1:] == [
        f"Không còn vai trò Giám khảo hoặc đã ngừng tài khoản: {names}. Hãy đưa ra khỏi Ban Giám khảo.",
        "Cần ít nhất 1 giám khảo; hiện có 0.",
    ]


def test_a_tie_chain_that_asks_for_a_criterion_that_is_gone_keeps_the_panel_from_starting(contest, organiser):
    ClipContest.objects.update(tie_chain=["criterion:2:desc"])
    contest.refresh_from_db()
    assert services.faults_before_scoring(contest) == []
    contest.rubric.criteria.get(position=2).delete()  # as another contest of the same rubric can
    missing = "Thang điểm có 1 tiêu chí, không có tiêu chí số 2 để xét khi bằng điểm."
    assert reasons(lambda: services.start_scoring(clip_contest=contest, actor=organiser)) == [missing]


@pytest.mark.parametrize(
    ("combination", "per_clip", "judges", "fault"),
    [
        (Combination.TRIMMED_MEAN, None, 2, "Cần ít nhất 3 giám khảo; hiện có 2."),
        (Combination.SEVERITY, None, 1, "Cần ít nhất 2 giám khảo; hiện có 1."),
        (
            Combination.SEVERITY,
            1,
            2,
            f"Cách tính “{Combination.SEVERITY.label}” cần ít nhất 2 giám khảo chấm mỗi video.",
        ),
        (Combination.MEAN, 3, 2, "Cần ít nhất 3 giám khảo; hiện có 2."),
    ],
)
def test_the_way_of_combining_says_how_many_judges_are_needed(combination, per_clip, judges, fault):
    contest = closed_contest(combination=combination, judges_per_clip=per_clip)
    for number in range(judges):
        make_judge(contest, is_chair=number == 0)
    make_clip(contest, state="accepted")
    assert services.faults_before_scoring(contest) == [fault]


def test_starting_freezes_the_rules_gives_out_the_clips_and_tells_the_judges(contest, organiser):
    rejected = make_clip(contest, state="rejected")
    assert services.start_scoring(clip_contest=contest, actor=organiser) == 12
    contest.refresh_from_db()
    assert contest.scoring_started_at is not None
    assert contest.rubric.frozen_at is not None
    assert not rejected.sheets.exists()
    for member in contest.panel.all():
        assert sorted(member.judge.score_sheets.values_list("clip__number", flat=True)) == [1, 2, 3, 4]
        message = Notification.objects.get(user=member.judge)
        assert message.own_subject == "Bạn có 4 video cần chấm"
        assert message.own_path == f"/clips/judging/?contest={contest.pk}"
    assert AuditEntry.objects.get(verb="panel.start").after == {"judges": 3, "clips": 4, "sheets": 12}
    assert reasons(lambda: services.start_scoring(clip_contest=contest, actor=organiser)) == [
        "Ban Giám khảo đã bắt đầu chấm."
    ]


def test_with_k_judges_for_each_clip_loads_are_within_one(organiser):
    contest = closed_contest(judges_per_clip=2)
    judges = [make_judge(contest, is_chair=number == 0) for number in range(3)]
    for _ in range(4):
        make_clip(contest, state="accepted")
    assert services.start_scoring(clip_contest=contest, actor=organiser) == 8
    assert sorted(judge.score_sheets.count() for judge in judges) == [2, 3, 3]
    assert {clip.sheets.count() for clip in Clip.objects.all()} == {2}


# --- Interests --------------------------------------------------------------------------------------


def test_judges_score_no_clip_of_their_unit_or_of_a_unit_above_it_and_the_root_scores_all_others():
    contest = closed_contest()
    department = make_unit("SO", parent=make_root())
    centre, other = make_unit("TT", parent=department), make_unit("KHAC", parent=make_root())
    units = (make_root(), department, centre, other)
    clips = {unit.code: make_clip(contest, unit=unit, state="accepted") for unit in units}
    judges = {unit.code: make_judge(contest, unit=unit) for unit in units}
    judges["none"] = make_judge(contest)
    judges["author"] = clips["KHAC"].created_by
    excluded = excluded_pairs(clips.values(), judges.values())
    found = {
        who: {code for code, clip in clips.items() if (judge.pk, clip.pk) in excluded} for who, judge in judges.items()
    }
    assert found == {
        "TINH": {"TINH"},
        "SO": {"SO", "TINH"},
        "TT": {"TT", "SO", "TINH"},
        "KHAC": {"KHAC", "TINH"},
        "none": set(),
        "author": {"KHAC", "TINH"},
    }


def test_judges_score_no_clip_for_whose_unit_they_hand_in_and_none_they_have_had_a_hand_in(
    django_assert_max_num_queries,
):
    contest = closed_contest()
    department = make_unit("SO", parent=make_root())
    clips = {
        unit.code: make_clip(contest, unit=unit, state="accepted")
        for unit in (department, make_unit("TT", parent=department), make_unit("KHAC", parent=make_root()))
    }
    judges = {name: make_judge(contest) for name in ("coordinator", "former", "sender", "nobody")}
    grant(judges["coordinator"], Role.COORDINATOR, department)
    former = grant(judges["former"], Role.COORDINATOR, department)
    RoleGrant.objects.filter(pk=former.pk).update(valid_to=server_now())
    clip = clips["KHAC"]
    ready_file(clip, by=judges["sender"])  # an earlier version counts too, as its sender knew the clip in the making
    clip.current = ready_file(clip, by=clip.created_by)
    clip.save()
    with django_assert_max_num_queries(5):
        excluded = excluded_pairs(clips.values(), judges.values())
    found = {
        who: {code for code, clip in clips.items() if (judge.pk, clip.pk) in excluded} for who, judge in judges.items()
    }
    assert found == {"coordinator": {"SO", "TT"}, "former": set(), "sender": {"KHAC"}, "nobody": set()}


def test_a_clip_that_too_few_may_score_is_named_with_its_unit(organiser):
    contest = closed_contest(judges_per_clip=2)
    unit = make_unit("SYT", name="Sở Y tế", parent=make_root())
    make_judge(contest, is_chair=True)
    make_judge(contest, unit=unit)
    make_clip(contest, unit=unit, state="accepted")
    assert reasons(lambda: services.start_scoring(clip_contest=contest, actor=organiser)) == [
        "Video số 1 của Sở Y tế chỉ có 1/2 giám khảo được chấm, vì những người khác thuộc chính đơn vị này, thuộc"
        " đơn vị cấp dưới, là đầu mối hoặc người gửi video. Hãy thêm giám khảo ở đơn vị khác."
    ]


# --- Clips accepted later ---------------------------------------------------------------------------


def test_a_clip_accepted_later_is_given_out_and_no_other_changes(contest, organiser):
    back = make_clip(contest, state="sent_back", deadline=server_now() + timedelta(days=1))
    services.start_scoring(clip_contest=contest, actor=organiser)
    before = set(ScoreSheet.objects.values_list("pk", flat=True))
    assert reasons(lambda: services.assign_sheets(clip_contest=contest, actor=organiser)) == [
        "Mọi video được đưa vào chấm đều đã giao cho giám khảo."
    ]
    Clip.objects.filter(pk=back.pk).update(state="accepted")
    assert services.assign_sheets(clip_contest=contest, actor=organiser) == 3
    added = ScoreSheet.objects.exclude(pk__in=before)
    assert {sheet.clip_id for sheet in added} == {back.pk}
    assert AuditEntry.objects.get(verb="panel.assign").after == {"clips": [back.number], "sheets": 3}


# --- Closing and locking ----------------------------------------------------------------------------


def finish(contest, but: ScoreSheet | None = None) -> None:
    for sheet in ScoreSheet.objects.filter(clip__clip_contest=contest).exclude(pk=but.pk if but else None):
        ScoreSheet.objects.filter(pk=sheet.pk).update(state=SheetState.SUBMITTED, submitted_at=server_now())


def test_a_panel_locks_only_when_no_sheet_is_open_and_says_whose_are(contest, organiser):
    services.start_scoring(clip_contest=contest, actor=organiser)
    open_sheet = ScoreSheet.objects.filter(clip__number=3).first()
    finish(contest, but=open_sheet)
    assert reasons(lambda: services.lock_panel(clip_contest=contest, actor=organiser)) == [
        f"{open_sheet.judge.full_name} chưa nộp phiếu: video số 3."
    ]
    assert reasons(lambda: services.close_sheet(sheet=open_sheet, reason="  ", actor=organiser)) == [
        "Hãy ghi rõ lý do của quyết định."
    ]
    services.close_sheet(sheet=open_sheet, reason="Giám khảo đi công tác", actor=organiser)
    open_sheet.refresh_from_db()
    assert open_sheet.state == SheetState.CLOSED
    decision = ChairDecision.objects.get()
    assert (decision.sheet, decision.reason, decision.decided_by) == (open_sheet, "Giám khảo đi công tác", organiser)
    assert AuditEntry.objects.get(verb="panel.close_sheet").after == {
        "judge": open_sheet.judge.employee_id,
        "clip": 3,
        "reason": "Giám khảo đi công tác",
    }
    assert len(reasons(lambda: services.close_sheet(sheet=open_sheet, reason="Lần nữa", actor=organiser))) == 1
    services.lock_panel(clip_contest=contest, actor=organiser)
    contest.refresh_from_db()
    assert contest.locked_at is not None
    assert AuditEntry.objects.get(verb="panel.lock").after == {"sheets": 11}
    assert reasons(lambda: services.lock_panel(clip_contest=contest, actor=organiser)) == [
        "Ban Giám khảo đã khóa chấm điểm."
    ]


def test_a_clip_still_on_its_way_keeps_the_panel_open(contest, organiser):
    assert reasons(lambda: services.lock_panel(clip_contest=contest, actor=organiser)) == [
        "Ban Giám khảo chưa bắt đầu chấm."
    ]
    back = make_clip(contest, state="sent_back", deadline=server_now() + timedelta(days=1))
    services.start_scoring(clip_contest=contest, actor=organiser)
    finish(contest)
    (still,) = reasons(lambda: services.lock_panel(clip_contest=contest, actor=organiser))
    assert still.startswith(f"Video số {back.number} còn hạn chỉnh sửa đến ")
    Clip.objects.filter(pk=back.pk).update(state="submitted")
    assert reasons(lambda: services.lock_panel(clip_contest=contest, actor=organiser)) == [
        f"Chưa rà soát xong: video số {back.number}."
    ]
    Clip.objects.filter(pk=back.pk).update(state="accepted")
    assert reasons(lambda: services.lock_panel(clip_contest=contest, actor=organiser)) == [
        f"Chưa giao cho giám khảo: video số {back.number}."
    ]


# --- Reminders --------------------------------------------------------------------------------------


def test_judges_with_sheets_left_are_reminded_at_most_once_a_day(contest, organiser):
    services.start_scoring(clip_contest=contest, actor=organiser)
    done, gone, left = [member.judge for member in contest.panel.order_by("pk")]
    ScoreSheet.objects.filter(judge=done).update(state=SheetState.SUBMITTED, submitted_at=server_now())
    RoleGrant.objects.filter(user=gone).update(valid_to=server_now())
    Notification.objects.all().delete()
    assert services.remind_judges(clip_contest=contest, actor=organiser) == services.closing.Reminded(1, 0)
    assert [message.user for message in Notification.objects.all()] == [left]
    assert services.remind_judges(clip_contest=contest, actor=organiser) == services.closing.Reminded(0, 1)
    assert Notification.objects.count() == 1
    assert AuditEntry.objects.filter(verb="panel.remind").count() == 1


def test_a_contest_in_which_every_sheet_is_done_has_nobody_to_remind(contest, organiser):
    sheet = make_sheet(contest.clips.first(), PanelMember.objects.first().judge, 60, 20)
    assert sheet.state == SheetState.SUBMITTED
    assert reasons(lambda: services.remind_judges(clip_contest=contest, actor=organiser)) == [
        "Không còn giám khảo nào để nhắc."
    ]
