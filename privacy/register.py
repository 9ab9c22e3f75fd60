"""The register of personal data: every column of every table, listed once.

A column is personal, with its purpose, ground and time, whether its person gets a copy, and what an erasure does
with it; or it is not, by its table's `other`. Copies, erasure, docs/personal-data.md and the public page are made from
this file. A test fails on a column that is not here: one word in `other`, or one line in `personal`, adds it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from contest.models.round import PUBLIC_RESULT_STATES

Text = Any  # a string that is translated when it is shown


@dataclass(frozen=True, eq=False)
class Use:
    """Why some data are held, on which ground, and how long."""

    purpose: Text
    ground: Text
    kept: Text


class Erasure(StrEnum):
    """What an erasure does with a column of the person's rows."""

    DELETED = "deleted"  # with the row
    PSEUDONYM = "pseudonym"  # something else in its place, the same everywhere
    BLANKED = "blanked"
    KEPT = "kept"  # `why` says why


ERASURE_WORDS: Mapping[Erasure, Text] = {
    Erasure.DELETED: _("xóa"),
    Erasure.PSEUDONYM: _("thay bằng bí danh"),
    Erasure.BLANKED: _("để trống"),
    Erasure.KEPT: _("giữ"),
}


@dataclass(frozen=True)
class Column:
    """A personal column. `why` says why it is kept at an erasure, or left out of the person's copy."""

    use: Use
    erasure: Erasure
    exported: bool = True
    why: Text = ""


@dataclass(frozen=True)
class Table:
    """A table. `people` are lookups to its person, or a function of a person to a condition; none: nobody's.

    `released` limits what a person's copy holds to what the rules have released to them.
    """

    title: Text = ""
    people: tuple[str, ...] | Callable[[User], Q] = ()
    personal: Mapping[str, Column] = field(default_factory=dict)
    other: str = ""
    released: Q = field(default_factory=Q)

    def rows_of(self, user: User) -> Q | None:
        """The condition for the rows about `user`, or None for a table that is about nobody."""
        if callable(self.people):
            return self.people(user)
        condition = Q()
        for lookup in self.people:
            condition |= Q(**{lookup: user.pk})
        return condition if self.people else None


def listed(names: str, use: Use, erasure: Erasure, *, exported: bool = True, why: Text = "") -> dict[str, Column]:
    """Columns that are treated alike."""
    return {name: Column(use, erasure, exported, why) for name in names.split()}


DELETED, PSEUDONYM, BLANKED, KEPT = Erasure.DELETED, Erasure.PSEUDONYM, Erasure.BLANKED, Erasure.KEPT


def _days(text: Text, setting: str) -> Text:
    """`text` with the number of days that a setting holds."""
    return lazy(lambda: str(text) % {"days": getattr(settings, setting)}, str)()


# --- Why data are held ----------------------------------------------------------------------------------

STATE_DUTY = _("Phục vụ hoạt động của cơ quan nhà nước: tổ chức hội thi, thi đua, khen thưởng")
SAFETY_DUTY = _("Nghĩa vụ bảo đảm an toàn hệ thống thông tin")
OWN_REQUEST = _("Giải quyết yêu cầu của chính người đó")

ROSTER = Use(
    _("Biết ai được dự thi, thuộc đơn vị nào; tính tỷ lệ tham gia; công bố người đạt giải"),
    STATE_DUTY,
    _("Đến khi người đó rời cơ quan và hết thời hạn lưu hồ sơ hội thi; sau đó quản trị hệ thống xóa"),
)
SIGN_IN = Use(
    _("Đăng nhập và bảo vệ tài khoản"), SAFETY_DUTY, _("Đến khi thu hồi, hết hạn hoặc xóa dữ liệu của người đó")
)
VISIT = Use(
    _("Cho người dùng thấy và kết thúc các phiên đăng nhập của mình"),
    SAFETY_DUTY,
    _("Đến khi phiên đăng nhập kết thúc"),
)
QUIZ = Use(
    _("Chấm bài, xếp hạng, trao giải và để mọi người kiểm chứng kết quả"),
    STATE_DUTY,
    _("Theo thời hạn lưu hồ sơ hội thi; không còn tên người sau khi xóa dữ liệu"),
)
MESSAGE = Use(
    _("Báo cho người dự thi những việc liên quan đến mình"), STATE_DUTY, _days(_("%(days)s ngày"), "MESSAGES_KEPT_DAYS")
)
PROPOSAL = Use(
    _("Đưa người vào danh sách, sửa đơn vị, cập nhật nhân sự theo đề nghị"),
    STATE_DUTY,
    _("Đề nghị cấp tài khoản: 90 ngày sau khi giải quyết; đề nghị khác: 1 năm"),
)
OWN_DATA = Use(
    _("Trả lời yêu cầu về dữ liệu cá nhân"),
    OWN_REQUEST,
    _days(_("Nội dung: %(days)s ngày sau khi trả lời"), "REQUESTS_KEPT_DAYS"),
)
DUTY = Use(_("Biết ai đã quyết định việc gì khi thực hiện nhiệm vụ"), SAFETY_DUTY, _("Cùng với hồ sơ hội thi"))
TRACE = Use(
    _("Nhật ký kiểm soát mọi việc làm có quyền hạn"),
    SAFETY_DUTY,
    _("Cùng với hồ sơ hội thi; cơ sở dữ liệu không cho sửa, xóa"),
)
FILES = Use(
    _("Lập tệp báo cáo theo yêu cầu của người có quyền"),
    STATE_DUTY,
    _days(_("%(days)s ngày; tệp hết hạn sau 24 giờ"), "ACCESS_KEPT_DAYS"),
)

# --- Why something is kept, or not given out ----------------------------------------------------------------

ALIAS = _("Chỉ còn trỏ tới bí danh.")
SECRET = _("Khóa bí mật hoặc dấu vết của nó: đưa ra sẽ làm yếu việc bảo vệ tài khoản.")
COUNTER = _("Số đếm kỹ thuật, không cho biết gì thêm về người đó.")
CHAINED = _("Nhật ký được niêm phong thành chuỗi: sửa một dòng là phá chứng cứ của mọi dòng.")
CHAINED_OTHERS = _("Có thể có dữ liệu của người khác; nhật ký được niêm phong thành chuỗi nên không sửa được.")
HANDED_IN = _("Báo cáo đã nộp phải giữ nguyên; chỉ có họ tên người đạt giải, đã được công bố.")
RESULT = _("Kết quả đã công bố phải kiểm chứng được; bản ghi công khai chỉ có bí danh.")


def own(names: str = "user") -> dict[str, Column]:
    """References to the person whom the row is about."""
    return listed(names, ROSTER, KEPT, exported=False, why=ALIAS)


def acted(names: str) -> dict[str, Column]:
    """References to people who acted in an office; what they did is in their copy of the trace."""
    return listed(names, DUTY, KEPT, exported=False, why=ALIAS)


def _same_employee(user: User) -> Q:
    return Q(employee_id=user.employee_id)


def _asked_for_account(user: User) -> Q:
    """Their own, and those that name their employee id and were joined to nobody: who wrote these is not known."""
    named = Q(employee_id=user.employee_id) | Q(told_employee_id=user.employee_id)
    return Q(user=user.pk) | Q(named, user=None)


def _did_or_is_the_object(user: User) -> Q:
    return Q(actor=user.pk) | Q(object_type="accounts.user", object_id=str(user.pk))


REGISTER: Mapping[str, Table] = {
    # --- People, units, sign-in
    "accounts.User": Table(
        _("Hồ sơ"),
        ("pk",),
        listed("employee_id full_name", ROSTER, PSEUDONYM)
        | listed("email position", ROSTER, BLANKED)
        | listed(
            "sort_key search_key", ROSTER, PSEUDONYM, exported=False, why=_("Được tính từ họ tên và mã nhân viên.")
        )
        | listed("block linked_at is_active", ROSTER, KEPT, why=_("Cho thống kê tham gia đã công bố."))
        | listed("last_login", SIGN_IN, BLANKED)
        | listed("password", SIGN_IN, BLANKED, exported=False, why=SECRET),
        other="id",
    ),
    "accounts.Membership": Table(
        _("Quá trình ở đơn vị"),
        ("user",),
        own() | listed("unit starts_on ends_on", ROSTER, KEPT, why=_("Cho thống kê tham gia đã công bố.")),
        other="id",
    ),
    "accounts.RoleGrant": Table(
        _("Vai trò được cấp"),
        ("user",),
        own()
        | listed("role unit valid_from valid_to", DUTY, KEPT, why=ALIAS)
        | listed("reason", DUTY, BLANKED)
        | acted("granted_by"),
        other="id",
    ),
    "accounts.RoleReview": Table(
        _("Lần rà soát vai trò"),
        ("grant__user",),
        listed("at", DUTY, KEPT, why=ALIAS) | acted("reviewer"),
        other="id grant",
    ),
    "accounts.ApiToken": Table(
        _("Mã truy cập API"),
        ("user",),
        listed("user", SIGN_IN, DELETED, exported=False, why=ALIAS)
        | listed("label created_at expires_at revoked_at last_used_on", SIGN_IN, DELETED)
        | listed("digest", SIGN_IN, DELETED, exported=False, why=SECRET),
        other="id",
    ),
    "accounts.SignInFailure": Table(
        _("Lần đăng nhập sai"),
        (),
        listed("account address at", SIGN_IN, KEPT, exported=False, why=_("Chỉ có mã băm có khóa, tự xóa.")),
        other="id",
    ),
    "accounts.AuditEntry": Table(
        _("Nhật ký các việc đã làm"),
        _did_or_is_the_object,
        listed("verb object_type object_id at request_id", TRACE, KEPT, why=CHAINED)
        | listed("actor object_label before after", TRACE, KEPT, exported=False, why=CHAINED_OTHERS),
        other="id unit origin",
    ),
    "accounts.AuditSeal": Table(other="number format previous count entries is_complete sealed_at digest"),
    "accounts.AuditLink": Table(other="entry seal position digest"),
    "accounts.AuditCheck": Table(
        personal=acted("requested_by"),
        other="id requested_at started_at finished_at entries seals unsealed head fault",
    ),
    "accounts.UnitKind": Table(other="id name position"),
    "accounts.Unit": Table(
        other="id code name kind parent headcount valid_from valid_to sort_key search_key",
    ),
    "accounts.Unit_successors": Table(other="id from_unit to_unit"),
    "account.EmailAddress": Table(
        _("Địa chỉ thư điện tử để đăng nhập"),
        ("user",),
        listed("user email verified primary", SIGN_IN, DELETED),
        other="id",
    ),
    "account.EmailConfirmation": Table(
        _("Xác nhận địa chỉ thư điện tử"),
        ("email_address__user",),
        listed("email_address created sent", SIGN_IN, DELETED)
        | listed("key", SIGN_IN, DELETED, exported=False, why=SECRET),
        other="id",
    ),
    "mfa.Authenticator": Table(
        _("Xác thực hai lớp"),
        ("user",),
        listed("type created_at last_used_at", SIGN_IN, DELETED)
        | listed("user data", SIGN_IN, DELETED, exported=False, why=SECRET),
        other="id",
    ),
    "socialaccount.SocialAccount": Table(
        _("Tài khoản đăng nhập một lần"),
        ("user",),
        listed("provider uid last_login date_joined extra_data", SIGN_IN, DELETED)
        | listed("user", SIGN_IN, DELETED, exported=False, why=ALIAS),
        other="id",
    ),
    "socialaccount.SocialToken": Table(
        _("Mã do hệ thống đăng nhập một lần cấp"),
        ("account__user",),
        listed("account token token_secret expires_at", SIGN_IN, DELETED, exported=False, why=SECRET),
        other="id app",
    ),
    "socialaccount.SocialApp": Table(other="id provider provider_id name client_id secret key settings"),
    "usersessions.UserSession": Table(
        _("Phiên đăng nhập"),
        ("user",),
        listed("created_at ip last_seen_at user_agent", VISIT, DELETED)
        | listed("user session_key data", VISIT, DELETED, exported=False, why=SECRET),
        other="id",
    ),
    "sessions.Session": Table(
        _("Nội dung phiên đăng nhập"),
        (),
        listed("session_key session_data", VISIT, DELETED, exported=False, why=SECRET),
        other="expire_date",
    ),
    "admin.LogEntry": Table(
        personal=acted("user"),
        other="id action_time content_type object_id object_repr action_flag change_message",
    ),
    "auth.Permission": Table(other="id name content_type codename"),
    "auth.Group": Table(other="id name"),
    "auth.Group_permissions": Table(other="id group permission"),
    "contenttypes.ContentType": Table(other="id app_label model"),
    # --- Messages
    "notifications.Notification": Table(
        _("Thông báo"),
        ("user",),
        listed("kind own_subject own_body own_path created_at read_at mail_state sent_at", MESSAGE, DELETED)
        | listed("announcement", MESSAGE, DELETED)
        | listed("user urgency attempts due_at claimed_at error", MESSAGE, DELETED, exported=False, why=COUNTER),
        other="id",
    ),
    "notifications.Mute": Table(
        _("Loại thông báo đã tắt"),
        ("user",),
        listed("kind", MESSAGE, DELETED) | listed("user", MESSAGE, DELETED, exported=False, why=ALIAS),
        other="id",
    ),
    "notifications.Announcement": Table(
        other="id key kind subject body path created_at expires_at told_up_to finished_at"
    ),
    "notifications.MessageText": Table(personal=acted("changed_by"), other="id name subject body changed_at"),
    "notifications.MailRun": Table(other="id at claimed rest_until"),
    # --- Requests and proposals
    "proposals.Proposal": Table(
        _("Đề nghị đã gửi cho đơn vị"),
        ("proposer",),
        own("proposer")
        | listed("kind state created_at sent_at", PROPOSAL, KEPT, why=ALIAS)
        | listed("note file_name", PROPOSAL, BLANKED)
        | listed("reason", PROPOSAL, BLANKED)
        | acted("decided_by"),
        other="id unit decided_at outcome",
    ),
    "proposals.StaffRow": Table(
        _("Dòng nhân sự trong đề nghị của đơn vị"),
        _same_employee,
        listed("employee_id full_name email position left_out_reason", PROPOSAL, BLANKED)
        | listed("unit_code leaves", PROPOSAL, KEPT, why=ALIAS),
        other="id number proposal",
    ),
    "proposals.HeadcountRow": Table(other="id number left_out_reason proposal unit headcount"),
    "proposals.AccountRequest": Table(
        _("Đề nghị cấp tài khoản"),
        _asked_for_account,
        listed("state created_at decided_at", PROPOSAL, DELETED)
        | listed("provider issuer subject told_employee_id told_full_name told_email", PROPOSAL, DELETED)
        | listed("employee_id full_name unit unit_text note reason", PROPOSAL, DELETED)
        | listed(
            "user recommends recommended_by recommended_at comment decided_by",
            PROPOSAL,
            DELETED,
            exported=False,
            why=_("Ý kiến nội bộ của người giải quyết."),
        ),
        other="id",
        # Anybody may type an id: what a stranger wrote is not given to whom it belongs.
        released=Q(user__isnull=False),
    ),
    "proposals.UnitCorrection": Table(
        _("Đề nghị sửa đơn vị"),
        ("user",),
        listed("state created_at from_unit to_unit note reason decided_at", PROPOSAL, DELETED)
        | listed(
            "user recommends recommended_by recommended_at comment decided_by",
            PROPOSAL,
            DELETED,
            exported=False,
            why=_("Ý kiến nội bộ của người giải quyết."),
        ),
        other="id",
    ),
    "privacy.DataRequest": Table(
        _("Yêu cầu về dữ liệu cá nhân"),
        ("user",),
        own()
        | listed(
            "kind received_at due_at state decided_at", OWN_DATA, KEPT, why=_("Để chứng minh đã trả lời đúng hạn.")
        )
        | listed("text answer", OWN_DATA, BLANKED)
        | acted("decided_by"),
        other="id unit",
    ),
    # --- The contest
    "contest.Attempt": Table(
        _("Lượt thi"),
        ("user",),
        own()
        | listed("id round number unit block entry state", QUIZ, KEPT, why=RESULT)
        | listed("started_at deadline submitted_at answers prediction", QUIZ, KEPT, why=RESULT)
        | listed("eligible sequences prediction_sequence", QUIZ, KEPT, exported=False, why=COUNTER)
        | listed("nonce", QUIZ, KEPT, exported=False, why=SECRET),
    ),
    "contest.Standing": Table(
        _("Xếp hạng đã công bố"),
        ("attempt__user",),
        listed("attempt round block rank score prediction_error prize", QUIZ, KEPT, why=RESULT),
        other="position",
        released=Q(round__state__in=PUBLIC_RESULT_STATES),
    ),
    "contest.Ineligibility": Table(
        _("Không xét giải"),
        ("user",),
        own() | listed("contest", QUIZ, KEPT, why=RESULT) | listed("reason", QUIZ, BLANKED),
        other="id",
    ),
    "contest.Round": Table(
        personal=acted("key_confirmed_by prepared_by")
        | listed("prize_excluded", QUIZ, KEPT, exported=False, why=RESULT)
        | listed("secret", QUIZ, KEPT, exported=False, why=_("Khóa của bí danh trong bản ghi.")),
        other="id contest number title is_practice opens_at closes_at grace_seconds state key_confirmed_at"
        " key_confirmed_digest rules blocks paper fixed_order key_at_opening salt commitment scheduled_at closed_at"
        " ranked_at published_at finalised_at version prediction_target entries people perfect_people zero cut_off"
        " abandoned result_hash",
    ),
    "contest.Draw": Table(
        personal=acted("recorded_by")
        | listed("minutes", QUIZ, KEPT, exported=False, why=_("Biên bản bốc thăm là hồ sơ của kết quả đã công bố.")),
        other="id round entries drawn_at",
    ),
    "contest.CloseExtension": Table(
        personal=acted("proposed_by confirmed_by"), other="id round closes_at reason proposed_at confirmed_at"
    ),
    "contest.Question": Table(
        personal=acted("edited_by"),
        other="id bank code text multiple correct fixed_order topic legal_source effective_until explanation edited_at",
    ),
    "contest.Bank": Table(other="id slug title unit"),
    "contest.Choice": Table(other="id question position text"),
    "contest.Contest": Table(
        other="id slug title unit introduction is_public opens_weekday opens_time window_minutes attempts_allowed"
        " counts time_limit_seconds grace_seconds questions_per_round max_correct shuffle_questions shuffle_choices"
        " prediction_asks prediction_decimals prediction_required tie_chain prize_if_nobody_perfect wins score_release"
        " answers_release"
    ),
    "contest.Block": Table(other="id contest code name"),
    "contest.Block_kinds": Table(other="id block unitkind"),
    "contest.CollectiveRule": Table(
        other="id contest version is_held weight_participation weight_score weight_perfect weight_report"
        " weight_clip_duty weight_clip_score weight_zero grouping minimum_headcount tie_chain prizes perfect_rounds"
    ),
    "contest.RoundQuestion": Table(other="id round question position"),
    "contest.RoundUnit": Table(other="id round unit parent kind headcount"),
    "contest.Heartbeat": Table(other="name at"),
    "contest.Prize": Table(other="id round position code title count"),
    # --- Clips
    "videos.Rubric": Table(other="id unit code version title frozen_at"),
    "videos.Criterion": Table(other="id rubric position title description maximum step"),
    "videos.ClipContest": Table(
        other="id contest opens_at closes_at max_seconds min_height aspect max_bytes unit_quota_bytes"
        " rubric judges_per_clip combination tie_chain is_blind prizes_by_kind disagreement_percent scoring_started_at"
        " locked_at published_at"
    ),
    "videos.Genre": Table(other="id clip_contest position name"),
    "videos.ClipPrize": Table(other="id clip_contest position title count"),
    "videos.Clip": Table(
        personal=acted("rights_declared_by created_by submitted_by"),
        other="id clip_contest unit title genre authors summary outside_link"
        " script script_name rights_declared_at state number deadline current created_at submitted_at",
    ),
    "videos.ClipFile": Table(
        personal=acted("received_by"),
        other="id clip version name size sha256 received_at state reason"
        " progress tries run lease_until processed_at seconds probe has_poster has_captions",
    ),
    "videos.Rendition": Table(other="id file height pixels_wide pixels_high size sha256"),
    "videos.Upload": Table(
        personal=acted("owner"), other="id clip file name size offset state created_at updated_at expires_at"
    ),
    "videos.Screening": Table(
        personal=acted("decided_by"), other="id clip file decision reason new_deadline decided_at"
    ),
    "videos.PanelMember": Table(personal=acted("judge"), other="id clip_contest is_chair"),
    "videos.ScoreSheet": Table(
        personal=acted("judge"), other="id clip state has_conflict reason comment sequence assigned_at submitted_at"
    ),
    "videos.CriterionScore": Table(other="id sheet criterion points sequence"),
    "videos.ChairDecision": Table(
        personal=acted("decided_by"), other="id clip_contest kind sheet order reason decided_at"
    ),
    "videos.PanelChange": Table(
        personal=acted("left joined decided_by"), other="id clip_contest clips reason decided_at"
    ),
    "videos.PanelResult": Table(
        personal=acted("made_by"), other="id clip_contest version input input_hash result_hash made_at"
    ),
    "videos.ClipStanding": Table(
        other="id result clip group rank score raw_mean deviation sheets is_disputed needs_draw prize"
    ),
    "videos.ClipReminder": Table(
        _("Lần được nhắc về video"),
        ("user",),
        own("user") | listed("kind day", MESSAGE, KEPT, why=ALIAS) | acted("asked_by"),
        other="id clip_contest",
    ),
    # --- Reports
    "reports.IssuingBody": Table(
        other="id contest superior name place report_symbol decision_symbol minutes_symbol authority decides"
        " signer_title signer_name second_title second_name legal_bases recipients"
    ),
    "reports.RoundReport": Table(
        _("Số liệu báo cáo đã chốt"),
        ("made_by",),
        acted("made_by") | listed("dataset", FILES, KEPT, exported=False, why=HANDED_IN),
        other="id contest round unit number as_of definitions source digest made_at",
    ),
    "reports.Baseline": Table(other="id contest label earlier source units participants entries"),
    "reports.BaselineUnit": Table(other="id baseline unit participants entries"),
    "reports.UnitReport": Table(
        personal=acted("edited_by sent_by decided_by"),
        other="id round unit version state done difficulties suggestions edited_at dataset digest sent_at comment"
        " decided_at",
    ),
    "reports.ReportDeadline": Table(personal=acted("changed_by"), other="id round due_at changed_at"),
    "reports.Reminder": Table(
        _("Lần được nhắc"),
        ("user",),
        own("user") | listed("kind day", MESSAGE, KEPT, why=ALIAS) | acted("asked_by"),
        other="id round announcement",
    ),
    "reports.CollectiveResult": Table(
        personal=acted("made_by published_by"), other="id contest version rule rounds digest made_at published_at"
    ),
    "reports.CollectiveDecision": Table(
        personal=acted("decided_by"), other="id result group rank prizes units method reason decided_at"
    ),
    "reports.CollectiveStanding": Table(other="id result position unit calculation"),
    "reports.Export": Table(
        _("Tệp báo cáo đã yêu cầu"),
        ("requested_by",),
        own("requested_by") | listed("kind label format requested_at expires_at state", FILES, KEPT, why=ALIAS),
        other="id parameters progress run alive_at finished_at file_name size unit_ids with_scores error",
    ),
}

# --- Outside the tables ---------------------------------------------------------------------------------

# What else may hold personal data: (what, what is in it, how long).
ELSEWHERE: tuple[tuple[Text, Text, Text], ...] = (
    (_("Nhật ký kỹ thuật"), _("Không có dữ liệu cá nhân; người được ghi bằng mã băm có khóa."), _("12 tháng")),
    (_("Nhật ký truy cập của nginx"), _("Địa chỉ IP, trang và thời điểm."), _("12 tháng")),
    (_("Tệp báo cáo"), _("Danh sách theo quyền của người yêu cầu."), _("24 giờ")),
    (
        _("Video dự thi, kịch bản, tên tác giả"),
        _("Hình ảnh, giọng nói, tên người thực hiện, do đơn vị khai và chịu trách nhiệm."),
        _("Cùng với hồ sơ hội thi"),
    ),
    (_("Tệp danh sách đang nhập"), _("Danh sách nhân sự, đến khi xác nhận hoặc bỏ."), _("1 giờ")),
    (
        _("Trình duyệt của người dự thi"),
        _("Câu trả lời chưa gửi được, đến khi gửi hoặc đăng xuất."),
        _("Đến khi nộp bài"),
    ),
    (
        _("Trình duyệt của đầu mối"),
        _("Tên tệp video đang tải lên dở dang."),
        _("Đến khi tải xong, hủy hoặc máy chủ bỏ"),
    ),
    (_("Bản sao lưu"), _("Như cơ sở dữ liệu, được mã hóa."), _("Theo lịch sao lưu; xóa lại sau khi phục hồi")),
)
