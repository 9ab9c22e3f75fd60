"""How a clip contest's result comes about, as the sentences that are printed. Pure: rules in, texts out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from videos.result.combining import FEWEST_TO_TRIM, MEAN, PLACES, SEVERITY, TRIMMED_MEAN
from videos.result.ranking import words_of_key


@dataclass(frozen=True, slots=True)
class Method:
    """The combination in words: `formula` on one line, `sentences` beside it."""

    title: str
    formula: str
    sentences: list[str]


def method_of(combination: str) -> Method:
    """How the sheets of a clip become its score."""
    return {MEAN: _mean, TRIMMED_MEAN: _trimmed_mean, SEVERITY: _severity}[combination]()


def _mean() -> Method:
    return Method(
        _("Trung bình cộng"),
        _("Điểm của video = tổng điểm của các phiếu chấm ÷ số phiếu chấm"),
        [],
    )


def _trimmed_mean() -> Method:
    return Method(
        _("Trung bình cộng, bỏ điểm cao nhất và điểm thấp nhất"),
        _("Điểm của video = (tổng điểm − điểm cao nhất − điểm thấp nhất) ÷ (số phiếu chấm − 2)"),
        [
            _("Chỉ bỏ một phiếu cao nhất và một phiếu thấp nhất, dù có nhiều phiếu bằng nhau."),
            _("Video có ít hơn %(fewest)s phiếu chấm thì lấy trung bình cộng của tất cả các phiếu.")
            % {"fewest": FEWEST_TO_TRIM},
        ],
    )


def _severity() -> Method:
    return Method(
        _("Trung bình cộng có hiệu chỉnh độ chặt, lỏng của giám khảo"),
        _("Điểm của video = trung bình cộng của (điểm của giám khảo − mức lệch của giám khảo đó)"),
        [
            _(
                "Mức lệch cho biết một giám khảo thường cho điểm cao hơn (số dương) hay thấp hơn (số âm) mặt bằng"
                " chung bao nhiêu điểm. Mức lệch được tính theo phương pháp bình phương nhỏ nhất: chọn điểm a của từng"
                " video và mức lệch b của từng giám khảo, sao cho tổng của (điểm đã cho − a − b)² trên mọi phiếu chấm"
                " là nhỏ nhất, với tổng các mức lệch bằng 0."
            ),
            _(
                "Nếu có những nhóm giám khảo không chấm chung video nào, kể cả qua giám khảo khác, thì hiệu chỉnh riêng"
                " trong từng nhóm và ghi rõ trong kết quả."
            ),
            _("Điểm sau hiệu chỉnh có thể cao hơn điểm tối đa hoặc thấp hơn 0; điểm được giữ nguyên để xếp hạng."),
            _("Khi mọi giám khảo chấm mọi video, điểm sau hiệu chỉnh đúng bằng trung bình cộng."),
        ],
    )


def rounding_sentence() -> str:
    return _(
        "Phép tính giữ nguyên số lẻ, chỉ làm tròn một lần ở kết quả, đến %(places)s chữ số thập phân, từ 5 trở lên thì"
        " làm tròn lên. Xếp hạng theo điểm đã làm tròn."
    ) % {"places": PLACES}


def sheets_sentences() -> list[str]:
    """Which sheets count."""
    return [
        _("Điểm của một phiếu chấm là tổng điểm các tiêu chí. Chỉ tính phiếu chấm giám khảo đã nộp."),
        _(
            "Giám khảo có xung đột lợi ích với video, hoặc báo không chấm, thì không có điểm cho video đó. Phiếu chưa"
            " nộp do Trưởng ban Giám khảo quyết định khép lại thì không tính; quyết định được ghi vào biên bản."
        ),
        replacement_sentence(),
        _("Video không có phiếu chấm nào được tính thì không xếp hạng."),
    ]


def replacement_sentence() -> str:
    """What happens to sheets when a panel changes while it scores."""
    return _(
        "Khi một giám khảo không chấm tiếp được, Ban Tổ chức có thể cử người thay, có ghi lý do vào biên bản. Phiếu đã"
        " nộp vẫn được tính; người vào thay chấm từ đầu mọi video mà người rời Ban chưa nộp phiếu, theo cùng quy định"
        " về xung đột lợi ích. Người đã rời Ban không vào lại. Với video thiếu phiếu chấm, Ban Tổ chức có thể thêm giám"
        " khảo chấm riêng video đó. Thang điểm và cách tính điểm không thay đổi."
    )


def disagreement_sentence(percent: int) -> str:
    return _(
        "Video có phiếu cao nhất và phiếu thấp nhất chênh nhau quá %(percent)s%% điểm tối đa được đánh dấu để Ban Giám"
        " khảo lưu ý; điểm không vì vậy mà thay đổi."
    ) % {"percent": percent}


def tie_sentence(chain: Sequence[str], titles: Sequence[str] = ()) -> str:
    """`titles` are those of the rubric's criteria, in order."""
    if not chain:
        return _("Các video bằng điểm thì đồng hạng.")
    words = "; ".join(words_of_key(key, titles) for key in chain)
    return _("Bằng điểm thì xét lần lượt: %(keys)s. Vẫn bằng nhau thì đồng hạng.") % {"keys": words}


def prize_sentences(*, by_kind: bool) -> list[str]:
    sentences = [
        _("Xếp hạng và trao giải riêng trong từng loại đơn vị.") if by_kind else _("Xếp hạng chung tất cả các video."),
        _(
            "Các video đồng hạng mà số giải không đủ thì Trưởng ban Giám khảo quyết định thứ tự, ghi lý do vào biên"
            " bản; chưa có quyết định thì chưa video nào trong số đó được giải và chưa công bố kết quả."
        ),
    ]
    return sentences


def judges_sentence(judges_per_clip: int | None) -> str:
    if judges_per_clip is None:
        return _("Mọi giám khảo chấm mọi video, trừ video có xung đột lợi ích.")
    return ngettext(
        "Mỗi video do %(n)s giám khảo chấm, được chia đều giữa các giám khảo; giám khảo không chấm video của đơn vị"
        " mình và các đơn vị cấp trên của đơn vị mình.",
        "Mỗi video do %(n)s giám khảo chấm, được chia đều giữa các giám khảo; giám khảo không chấm video của đơn vị"
        " mình và các đơn vị cấp trên của đơn vị mình.",
        judges_per_clip,
    ) % {"n": judges_per_clip}


def words_of_rules(rules: Mapping[str, Any], titles: Sequence[str] = ()) -> dict[str, Any]:
    """Everything that is printed of the judging rules (`ClipContest.judging_rules`), by section."""
    return {
        "method": method_of(rules["combination"]),
        "judges": judges_sentence(rules["judges_per_clip"]),
        "sheets": sheets_sentences(),
        "rounding": rounding_sentence(),
        "disagreement": disagreement_sentence(rules["disagreement_percent"]),
        "tie": tie_sentence(rules["tie_chain"], titles),
        "prizes": prize_sentences(by_kind=rules["prizes_by_kind"]),
    }
