"""What the demo's 24 clips are about, and how far each has come: every state of a clip and of a file. Data only."""

from dataclasses import dataclass

from videos.models import ClipState, Decision, FileState

REPORT, SKIT, GUIDE, MODEL = range(4)  # places in videos.ready.GENRES
HEALTH_UNIT = "health"  # the coordinator login's own
CLIPS = 24


@dataclass(frozen=True, slots=True)
class Story:
    """A clip. `scene`: a place in scenes.CARDS. `quality`: what a middling judge would give it, of 100."""

    title: str
    genre: int
    scene: int
    summary: str
    unit: str = ""  # empty: the next of the others that hand in
    state: str = ClipState.ACCEPTED
    file: str = FileState.READY  # empty: nothing was uploaded yet
    reason: str = ""  # of the screening
    quality: float = 0.0
    has_captions: bool = False
    has_script: bool = False
    versions: int = 1


@dataclass(frozen=True, slots=True)
class ContestStory:
    """A contest of clips alone. Days count back from the demo's present."""

    slug: str
    title: str
    introduction: str
    rubric: str
    opened: int
    closed: int
    scored: int
    locked: int | None
    clips: tuple[Story, ...]


_INTRODUCTION = (
    "Mỗi đơn vị gửi ít nhất một video không quá 5 phút: phóng sự, tiểu phẩm, hướng dẫn thực hiện dịch vụ công trực"
    " tuyến hoặc mô hình, sáng kiến cải cách hành chính. Đây là dữ liệu minh họa."
)

FINISHED = ContestStory(
    slug="video-cai-cach-hanh-chinh-dot-1",
    title="Cuộc thi video tuyên truyền cải cách hành chính, đợt 1",
    introduction=_INTRODUCTION,
    rubric="nam-tieu-chi",
    opened=48,
    closed=34,
    scored=32,
    locked=26,
    clips=(
        Story(
            "Nụ cười ở bộ phận Một cửa", REPORT, 0,
            "Một buổi sáng tiếp nhận hồ sơ của người dân vùng biển.", quality=92.0, has_captions=True, has_script=True,
        ),
        Story(
            "Chuyển tuyến khám bệnh không cần giấy", GUIDE, 2,
            "Bốn bước dùng giấy chuyển tuyến điện tử.", unit=HEALTH_UNIT, quality=87.5, has_captions=True,
        ),
        Story(
            "Con dấu đi đâu?", SKIT, 1,
            "Ông Tư tìm con dấu đỏ trên một kết quả đã được ký số.", quality=86.0, has_captions=True,
        ),
        Story("Tổ công nghệ số đến từng nhà", MODEL, 3, "Đoàn viên hướng dẫn người cao tuổi nộp hồ sơ.", quality=83.5),
        Story("Đăng ký khai sinh trên điện thoại", GUIDE, 5, "Từ giấy chứng sinh đến bản điện tử.", quality=82.0),
        Story("Ngày thứ Bảy vì dân", REPORT, 4, "Một xã mở cửa sáng thứ Bảy để trả kết quả.", quality=79.5),
        Story("Hồ sơ của bà Năm", SKIT, 1, "Bà Năm không phải đi lại lần thứ ba.", quality=77.0),
        Story("Mã QR thay bảng niêm yết", MODEL, 3, "Quét mã để xem thủ tục, phí và thời hạn.", quality=74.5),
        Story("Phiếu hẹn điện tử", GUIDE, 2, "Theo dõi hồ sơ bằng tin nhắn.", quality=70.0),
        Story(
            "Giới thiệu đơn vị chúng tôi", REPORT, 4, "Toàn cảnh trụ sở và các phòng.", state=ClipState.REJECTED,
            reason="Video chỉ giới thiệu đơn vị, không thuộc chủ đề cải cách hành chính của Thể lệ.",
        ),
    ),
)  # fmt: skip

JUDGED = ContestStory(
    slug="video-cai-cach-hanh-chinh-dot-2",
    title="Cuộc thi video tuyên truyền cải cách hành chính, đợt 2",
    introduction=_INTRODUCTION,
    rubric="noi-dung-70",
    opened=30,
    closed=9,
    scored=5,
    locked=None,
    clips=(
        Story("Bản làng lên mạng", REPORT, 4, "Phiên chợ vùng cao không dùng tiền mặt.", quality=84.0),
        Story(
            "Đặt lịch khám trong ba phút",
            GUIDE,
            5,
            "Đặt lịch, chọn bác sĩ và thanh toán trước.",
            unit=HEALTH_UNIT,
            quality=86.0,
            has_captions=True,
        ),
        Story("Anh cán bộ và cái máy in", SKIT, 1, "Khi bản giấy không còn bắt buộc.", quality=78.0),
        Story("Bàn tư vấn lưu động", MODEL, 3, "Đưa việc chứng thực về nhà văn hóa thôn.", quality=81.0),
        Story("Nộp thuế đất trực tuyến", GUIDE, 2, "Tra cứu và nộp qua Cổng dịch vụ công.", quality=73.0),
        Story("Một ngày của công chức tư pháp", REPORT, 0, "Những việc không tên sau ô cửa.", quality=88.0),
    ),
)

RECEIVED = (
    Story(
        "Lấy số khám bệnh bằng căn cước", GUIDE, 2, "Không xếp hàng, không sổ giấy.", unit=HEALTH_UNIT,
        state=ClipState.DRAFT, file=FileState.PROCESSING,
    ),
    Story(
        "Trạm y tế thân thiện", REPORT, 0, "Góc tiếp đón mới của một trạm y tế xã.", unit=HEALTH_UNIT,
        state=ClipState.SENT_BACK,
        reason="Từ giây thứ 2 tiếng nhỏ hơn nhạc nền, không nghe rõ lời bình. Đề nghị chỉnh lại âm thanh.",
    ),
    Story(
        "Hồ sơ sức khỏe điện tử cho mọi nhà", MODEL, 3, "Cách làm của trung tâm y tế huyện.", unit=HEALTH_UNIT,
        state=ClipState.DRAFT, file=FileState.REFUSED,
    ),
    Story(
        "Kể chuyện cải cách ở bệnh viện", SKIT, 1, "Kịch bản đang hoàn thiện.", unit=HEALTH_UNIT,
        state=ClipState.DRAFT, file="",
    ),
    Story(
        "Chợ phiên số", REPORT, 4, "Tiểu thương làm quen hóa đơn điện tử.", state=ClipState.DRAFT,
        file=FileState.FAILED,
    ),
    Story(
        "Cấp đổi giấy phép lái xe tại nhà", GUIDE, 5, "Làm từ đầu đến cuối trên điện thoại.", state=ClipState.SUBMITTED,
        has_script=True,
    ),
    Story(
        "Một cửa liên thông ba cấp", MODEL, 3, "Hồ sơ đi thay người dân.", state=ClipState.SUBMITTED, versions=2,
        reason="Thiếu tên đơn vị ở cuối video theo Thể lệ.",
    ),
    Story("Lá thư xin lỗi", SKIT, 1, "Trễ hẹn một ngày, xin lỗi bằng văn bản.", has_captions=True),
)  # fmt: skip

COMMENTS = (
    "Ý tưởng gần gũi, lời bình rõ, thông điệp dễ nhớ.",
    "Nội dung đúng quy định hiện hành; nên rút gọn phần mở đầu.",
    "Hình ảnh đẹp, âm thanh tốt; phần hướng dẫn hơi nhanh.",
    "",
    "",
)
DISAGREEMENT = "Phần hướng dẫn bỏ qua bước xác thực, người xem làm theo sẽ không nộp được hồ sơ."
CONFLICT = "Em ruột tôi là thành viên nhóm tác giả."
ABSTENTION = "Tôi đã góp ý kịch bản cho đơn vị nên xin không chấm để bảo đảm khách quan."
CLOSING = (
    "Giám khảo đi công tác nước ngoài, không kịp chấm; Trưởng ban quyết định khép phiếu, tính theo hai phiếu còn lại."
)

DECISIONS = {
    ClipState.ACCEPTED: Decision.ACCEPTED,
    ClipState.REJECTED: Decision.REJECTED,
    ClipState.SENT_BACK: Decision.SENT_BACK,
}
