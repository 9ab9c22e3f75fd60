"""Every act of power as it is done: what it needs is prepared, and the act itself is returned to be carried out.

A new verb of these groups belongs here too: see test_acts.py.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import cast

from accounts.audit.anchors import take_anchor
from accounts.audit.checks import request_check
from accounts.audit.sealing import seal_audit
from accounts.clock import server_now
from accounts.imports import staff, units
from accounts.models import Role, User
from accounts.services import grant_role, revoke_role
from contest.closing import close_round
from contest.models import Bank, Block, CollectiveRule, Contest, Question, Round
from contest.question_import.columns import COLUMNS
from contest.question_import.planner import bank_target
from contest.question_import.service import import_questions
from contest.services import bank, collective, extensions, people, results, rounds, setup
from reports.baseline_entry import remove_baseline, save_baseline
from reports.collective.deciding import decide_tie
from reports.collective.freezing import freeze_collective, publish_collective
from reports.issuing import issuing_body_of, save_issuing_body
from reports.models import Baseline, CollectiveResult, Export
from reports.services import cancel_export, fetch_export, request_export, run_export
from tests.accounts.tables import QUESTION_HEADER, STAFF_HEADER, UNIT_HEADER, csv_bytes, read
from tests.factories import (
    draft_round,
    grant,
    make_attempt,
    make_block,
    make_contest,
    make_questions,
    make_root,
    make_unit,
    make_user,
    open_round,
    past_round,
)
from tests.videos.panels import panel, tied
from tests.videos.world import make_clip, make_clip_contest, make_judge, make_sheet, start_scoring
from videos.models import ClipContest, ScoreSheet
from videos.panel import services as judging
from videos.result.services import compute_result, order_tied, publish_result

Act = Callable[[], object]
WHY = {"reason": "Theo Quyết định 12"}


# --- Contests -------------------------------------------------------------------------------------------


def contest_create(actor: User) -> Act:
    contest = Contest(slug="hoi-thi-moi", title="Hội thi mới", unit=make_root())
    return lambda: setup.save_contest(contest=contest, actor=actor)


def contest_edit(actor: User) -> Act:
    contest = make_contest()
    contest.title = "Tên khác"
    return lambda: setup.save_contest(contest=contest, actor=actor)


def contest_show(actor: User) -> Act:
    contest = make_contest(is_public=False)
    return lambda: setup.show_contest(contest=contest, actor=actor)


def contest_hide(actor: User) -> Act:
    contest = make_contest()
    return lambda: setup.hide_contest(contest=contest, actor=actor)


def contest_save_block(actor: User) -> Act:
    block = Block(contest=make_contest(), code="A", name="Bảng A")
    return lambda: setup.save_block(block=block, kinds=[], actor=actor)


def contest_delete_block(actor: User) -> Act:
    block = make_block(make_contest(), "A")
    return lambda: setup.delete_block(block=block, actor=actor)


def contest_save_collective_rule(actor: User) -> Act:
    contest, values = make_contest(), {"weight_score": 10, "weight_perfect": 30}
    return lambda: collective.save_collective_rule(contest=contest, values=values, actor=actor)


def contest_exclude_people(actor: User) -> Act:
    contest = make_contest()
    member = make_user("NV-HELP", unit=contest.unit)
    return lambda: setup.exclude_people(contest=contest, employee_ids=[member.employee_id], actor=actor, **WHY)


def contest_readmit_person(actor: User) -> Act:
    excluded = make_contest().ineligibilities.create(user=make_user(), reason="Tổ giúp việc")
    return lambda: setup.readmit_person(ineligibility=excluded, actor=actor)


# --- Rounds ---------------------------------------------------------------------------------------------


def round_create(actor: User) -> Act:
    contest = make_contest()
    return lambda: rounds.create_round(contest=contest, actor=actor)


def round_edit(actor: User) -> Act:
    round = draft_round()
    return lambda: rounds.edit_round(
        round=round, actor=actor, title="Tên khác", opens_at=round.opens_at, closes_at=round.closes_at
    )


def round_delete(actor: User) -> Act:
    round = draft_round()
    return lambda: rounds.delete_round(round=round, actor=actor)


def round_assign_questions(actor: User) -> Act:
    round = draft_round()
    first = round.round_questions.first()
    return lambda: rounds.remove_question(round=round, question_id=first.question_id, actor=actor)


def round_set_prizes(actor: User) -> Act:
    round = draft_round()
    return lambda: rounds.set_prizes(round=round, prizes=[("Giải Nhất", 2)], actor=actor)


def round_confirm_key(actor: User) -> Act:
    round = draft_round()
    return lambda: rounds.confirm_key(round=round, actor=actor)


def round_schedule(actor: User) -> Act:
    contest = make_contest()
    make_user(unit=make_unit(parent=contest.unit))
    round = draft_round(contest, prepared_by=actor)
    rounds.confirm_key(round=round, actor=make_user())
    return lambda: rounds.schedule_round(round=round, actor=actor)


def round_propose_extension(actor: User) -> Act:
    round = open_round()
    later = round.closes_at + timedelta(hours=1)
    return lambda: extensions.propose_extension(round=round, closes_at=later, actor=actor, **WHY)


def round_extend(actor: User) -> Act:
    round = open_round()
    extension = round.close_extensions.create(
        closes_at=round.closes_at + timedelta(hours=1), reason="Mất điện", proposed_by=make_user()
    )
    return lambda: extensions.confirm_extension(extension=extension, actor=actor)


# --- Results --------------------------------------------------------------------------------------------


def ranked_round(*, people: int = 1) -> Round:
    """A ranked round in which `people` are alike to the microsecond."""
    round = past_round(prizes=[("first", "Giải Nhất", 1)])
    at = round.opens_at + timedelta(hours=1)
    for _ in range(people):
        make_attempt(round, make_user(unit=round.contest.unit), submitted_at=at, started_at=at - timedelta(minutes=5))
    close_round(round.pk)
    round.refresh_from_db()
    return round


def round_publish(actor: User) -> Act:
    round = ranked_round()
    return lambda: results.publish_round(round=round, actor=actor)


def round_finalise(actor: User) -> Act:
    round = results.publish_round(round=ranked_round(), actor=make_user())
    return lambda: results.finalise_round(round=round, actor=actor)


def contest_over() -> Contest:
    """A contest that ranks units, whose one round is final and asks for no reports of units."""
    contest = make_contest()
    CollectiveRule.objects.create(contest=contest, weight_participation=60, weight_report=0)
    round = past_round(contest)
    close_round(round.pk)
    results.finalise_round(round=results.publish_round(round=round, actor=make_user()), actor=make_user())
    return contest


def collective_freeze(actor: User) -> Act:
    contest = contest_over()
    return lambda: freeze_collective(contest=contest, actor=actor)


def collective_publish(actor: User) -> Act:
    result = freeze_collective(contest=contest_over(), actor=make_user())
    return lambda: publish_collective(result=result, actor=actor)


def collective_decide_tie(actor: User) -> Act:
    result, units = tied_units()
    return lambda: decide_tie(result=result, units=units[::-1], method="lots", reason="Biên bản số 5", actor=actor)


def tied_units() -> tuple[CollectiveResult, list[int]]:
    """A frozen ranking whose only prize two equal units share."""
    contest = make_contest()
    rule = {"weight_participation": 60, "weight_report": 0, "prizes": [["Giải Nhất", 1]]}
    CollectiveRule.objects.create(contest=contest, **rule)
    units = [make_unit(parent=contest.unit, headcount=1) for _each in range(2)]
    people = [make_user(unit=unit) for unit in units]
    round = past_round(contest, prizes=())
    for person in people:
        make_attempt(round, person)
    close_round(round.pk)
    results.finalise_round(round=results.publish_round(round=round, actor=make_user()), actor=make_user())
    return freeze_collective(contest=contest, actor=make_user()), [unit.pk for unit in units]


def baseline(contest: Contest) -> Baseline:
    return Baseline(contest=contest, label="Hội thi năm 2022", source="Báo cáo 15", units=1, participants=2, entries=3)


def baseline_save(actor: User) -> Act:
    entered = baseline(make_contest())
    return lambda: save_baseline(baseline=entered, table=None, file_name="", actor=actor)


def baseline_remove(actor: User) -> Act:
    contest = make_contest()
    baseline(contest).save()
    return lambda: remove_baseline(contest=contest, actor=actor)


def issuing_body_edit(actor: User) -> Act:
    body = issuing_body_of(make_contest())
    body.place = "Phú Xuân"
    return lambda: save_issuing_body(body=body, actor=actor)


def round_draw_lots(actor: User) -> Act:
    round = ranked_round(people=2)
    (tie,) = results.undrawn_ties(round)
    return lambda: results.record_draw(round=round, actor=actor, entries=tie.entries, minutes="Biên bản 1")


# --- Questions, units, people ---------------------------------------------------------------------------


def bank_create(actor: User) -> Act:
    new = Bank(slug="moi", title="Ngân hàng mới", unit=make_root())
    return lambda: bank.create_bank(bank=new, actor=actor)


def question_create(actor: User) -> Act:
    question = Question(bank=Bank.objects.create(slug="thu", title="Thử"), text="KIM-CAU?", correct=["C"])
    choices = ["KIM-A", "KIM-B", "KIM-C"]
    return lambda: bank.save_question(question=question, choices=choices, actor=actor)


def question_edit(actor: User) -> Act:
    (question,) = make_questions(1)
    question.correct, question.explanation = ["C"], "KIM-GIAI-THICH"
    choices = list(question.choices.values_list("text", flat=True))
    return lambda: bank.save_question(question=question, choices=choices, actor=actor)


def question_delete(actor: User) -> Act:
    (question,) = make_questions(1)
    return lambda: bank.delete_question(question=question, actor=actor)


def questions_import(actor: User) -> Act:
    row = ["C900", "KIM-CAU?", "KIM-A", "KIM-B", "KIM-C", "C", "", ""]
    table = read(csv_bytes(QUESTION_HEADER, row), COLUMNS)
    target = bank_target("thu")
    return lambda: import_questions(table, target=target, actor=actor, file_name="cau-hoi.csv")


def units_import(actor: User) -> Act:
    make_root()
    table = read(csv_bytes(UNIT_HEADER, ["MOI", "Đơn vị mới", "Xã", "TINH", "9"]), units.COLUMNS)
    return lambda: units.import_units(table, actor=actor, file_name="don-vi.csv")


def staff_import(actor: User) -> Act:
    make_root()
    table = read(csv_bytes(STAFF_HEADER, ["NV-MOI", "Người Mới", "TINH", "", "", ""]), staff.COLUMNS)
    return lambda: staff.import_staff(table, actor=actor, file_name="nhan-su.csv")


def unit_set_headcount(actor: User) -> Act:
    round = draft_round()
    unit = make_unit(parent=round.contest.unit)
    return lambda: setup.set_headcounts(round=round, headcounts={unit.pk: 77}, actor=actor)


def role_grant(actor: User) -> Act:
    grant(actor, "administrator")
    user, unit = make_user(), make_root()
    return lambda: grant_role(user=user, role="judge", unit=unit, actor=actor, **WHY)


def role_revoke(actor: User) -> Act:
    grant(actor, "administrator")
    given = grant(make_user(), "judge")
    return lambda: revoke_role(grant=given, actor=actor, **WHY)


def user_deactivate(actor: User) -> Act:
    user = make_user(unit=make_root())
    return lambda: people.deactivate_user(user=user, actor=actor, **WHY)


def user_reactivate(actor: User) -> Act:
    user = make_user(unit=make_root(), is_active=False)
    return lambda: people.reactivate_user(user=user, actor=actor, **WHY)


# --- Files ----------------------------------------------------------------------------------------------


def export_request(actor: User) -> Act:
    grant(actor, "organiser")
    make_user(unit=make_root())
    round = open_round()
    return lambda: request_export(actor=actor, kind="participation", round=round, format="csv")


def asked_for(actor: User) -> Export:
    return cast(Export, export_request(actor)())


def export_cancel(actor: User) -> Act:
    export = asked_for(actor)
    return lambda: cancel_export(export=export, actor=actor)


def export_download(actor: User) -> Act:
    export = asked_for(actor)
    assert run_export(export.pk)
    return lambda: fetch_export(export=export, actor=actor)


# --- The panel's result of clips -----------------------------------------------------------------------


def clip_result_compute(actor: User) -> Act:
    clip_contest, _judges, _clips = panel([(60, 20)])
    return lambda: compute_result(clip_contest=clip_contest, actor=actor)


def clip_result_order_tied(actor: User) -> Act:
    clip_contest, _judges, clips = tied()
    compute_result(clip_contest=clip_contest, actor=None)
    order = [str(clip.pk) for clip in clips[:2]]
    return lambda: order_tied(clip_contest=clip_contest, clips=order, actor=actor, **WHY)


def clip_result_publish(actor: User) -> Act:
    clip_contest, _judges, _clips = panel([(60, 20)])
    compute_result(clip_contest=clip_contest, actor=None)
    return lambda: publish_result(clip_contest=clip_contest, actor=actor)


# --- The trace itself -----------------------------------------------------------------------------------


def audit_verify(actor: User) -> Act:
    return lambda: request_check(actor=actor)


def audit_take_anchor(actor: User) -> Act:
    contest_show(actor)()
    seal_audit()
    return lambda: take_anchor(actor=actor)


# --- The panel of judges --------------------------------------------------------------------------------


def _panel(actor: User, *, started: bool = True) -> tuple[ClipContest, ScoreSheet | None]:
    """A panel of two, the actor its chair, and one clip; with the actor's sheet once it has started."""
    now = server_now()
    contest = make_clip_contest(opens_at=now - timedelta(days=9), closes_at=now - timedelta(days=1))
    grant(actor, Role.JUDGE)
    contest.panel.create(judge=actor, is_chair=True)
    make_judge(contest)
    make_clip(contest, state="accepted")
    if not started:
        return contest, None
    start_scoring(contest)
    for member in contest.panel.all():
        make_sheet(contest.clips.get(), member.judge)
    return contest, ScoreSheet.objects.get(judge=actor)


def panel_appoint(actor: User) -> Act:
    contest, _ = _panel(actor, started=False)
    judge = make_user()
    grant(judge, Role.JUDGE)
    return lambda: judging.appoint_judge(clip_contest=contest, judge=judge, actor=actor)


def panel_dismiss(actor: User) -> Act:
    contest, _ = _panel(actor, started=False)
    return lambda: judging.dismiss_judge(member=contest.panel.get(is_chair=False), actor=actor)


def panel_make_chair(actor: User) -> Act:
    contest, _ = _panel(actor)
    return lambda: judging.make_chair(member=contest.panel.get(is_chair=False), actor=actor)


def panel_start(actor: User) -> Act:
    contest, _ = _panel(actor, started=False)
    return lambda: judging.start_scoring(clip_contest=contest, actor=actor)


def panel_assign(actor: User) -> Act:
    contest, _ = _panel(actor)
    make_clip(contest, state="accepted")
    return lambda: judging.assign_sheets(clip_contest=contest, actor=actor)


def panel_remind(actor: User) -> Act:
    contest, _ = _panel(actor)
    return lambda: judging.remind_judges(clip_contest=contest, actor=actor)


def panel_close_sheet(actor: User) -> Act:
    _, sheet = _panel(actor)
    return lambda: judging.close_sheet(sheet=cast(ScoreSheet, sheet), actor=actor, **WHY)


def _newcomer() -> User:
    judge = make_user()
    grant(judge, Role.JUDGE)
    return judge


def panel_replace(actor: User) -> Act:
    contest, _ = _panel(actor)
    member, judge = contest.panel.get(is_chair=False), _newcomer()
    return lambda: judging.replace_judge(member=member, judge=judge, actor=actor, **WHY)


def panel_add(actor: User) -> Act:
    contest, _ = _panel(actor)
    make_sheet(make_clip(contest, state="accepted"), actor)
    judge, clips = _newcomer(), [contest.clips.latest("number")]
    return lambda: judging.add_judge(clip_contest=contest, judge=judge, clips=clips, actor=actor, **WHY)


def panel_lock(actor: User) -> Act:
    contest, _ = _panel(actor)
    ScoreSheet.objects.update(state="submitted", submitted_at=server_now())
    return lambda: judging.lock_panel(clip_contest=contest, actor=actor)


def sheet_submit(actor: User) -> Act:
    _, sheet = _panel(actor)
    assert sheet
    for position in (1, 2):
        judging.save_points(sheet=sheet, position=position, points=Decimal(7), sequence=1, actor=actor)
    return lambda: judging.submit_sheet(sheet=sheet, actor=actor)


def sheet_conflict(actor: User) -> Act:
    _, sheet = _panel(actor)
    return lambda: judging.declare_conflict(sheet=cast(ScoreSheet, sheet), actor=actor, **WHY)


def sheet_abstain(actor: User) -> Act:
    _, sheet = _panel(actor)
    return lambda: judging.abstain(sheet=cast(ScoreSheet, sheet), actor=actor, **WHY)


ACTS: dict[str, Callable[[User], Act]] = {
    "contest.create": contest_create,
    "contest.edit": contest_edit,
    "contest.show": contest_show,
    "contest.hide": contest_hide,
    "contest.save_block": contest_save_block,
    "contest.delete_block": contest_delete_block,
    "contest.save_collective_rule": contest_save_collective_rule,
    "contest.exclude_people": contest_exclude_people,
    "contest.readmit_person": contest_readmit_person,
    "round.create": round_create,
    "round.edit": round_edit,
    "round.delete": round_delete,
    "round.assign_questions": round_assign_questions,
    "round.set_prizes": round_set_prizes,
    "round.confirm_key": round_confirm_key,
    "round.schedule": round_schedule,
    "round.propose_extension": round_propose_extension,
    "round.extend": round_extend,
    "round.publish": round_publish,
    "baseline.save": baseline_save,
    "baseline.remove": baseline_remove,
    "issuing_body.edit": issuing_body_edit,
    "collective.freeze": collective_freeze,
    "collective.publish": collective_publish,
    "collective.decide_tie": collective_decide_tie,
    "round.finalise": round_finalise,
    "round.draw_lots": round_draw_lots,
    "bank.create": bank_create,
    "question.create": question_create,
    "question.edit": question_edit,
    "question.delete": question_delete,
    "questions.import": questions_import,
    "units.import": units_import,
    "staff.import": staff_import,
    "unit.set_headcount": unit_set_headcount,
    "role.grant": role_grant,
    "role.revoke": role_revoke,
    "user.deactivate": user_deactivate,
    "user.reactivate": user_reactivate,
    "clip_result.compute": clip_result_compute,
    "clip_result.order_tied": clip_result_order_tied,
    "clip_result.publish": clip_result_publish,
    "panel.appoint": panel_appoint,
    "panel.dismiss": panel_dismiss,
    "panel.make_chair": panel_make_chair,
    "panel.start": panel_start,
    "panel.assign": panel_assign,
    "panel.remind": panel_remind,
    "panel.close_sheet": panel_close_sheet,
    "panel.replace": panel_replace,
    "panel.add": panel_add,
    "panel.lock": panel_lock,
    "sheet.submit": sheet_submit,
    "sheet.conflict": sheet_conflict,
    "sheet.abstain": sheet_abstain,
    "export.request": export_request,
    "export.cancel": export_cancel,
    "export.download": export_download,
    "audit.verify": audit_verify,
    "audit.take_anchor": audit_take_anchor,
}
