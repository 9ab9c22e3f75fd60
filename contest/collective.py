"""The rule by which units are ranked: what may not stand in it, and how it reads. Pure: rules in, texts out.

A rule is what `CollectiveRule.as_json` gives. The computation itself is in `reports/collective/computing.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from contest.models.collective import ADDING, CollectiveInput, Grouping

MOST_PRIZES = 1000


@dataclass(frozen=True, slots=True)
class InputInWords:
    """An input of the ranking as the rules print it; `sign` is + or −, `weight` the most points it moves."""

    input: str
    label: str
    weight: int
    sign: str
    definition: str


def faults_of_collective(rule: Mapping[str, Any]) -> list[str]:
    """What must be put right before the rule may be stored, as sentences."""
    weights, chain, prizes = rule["weights"], rule["tie_chain"], rule["prizes"]
    faults = []
    total = sum(weights[each] for each in ADDING)
    if any(not 0 <= each <= 100 for each in weights.values()):
        faults.append(_("Mỗi trọng số phải từ 0 đến 100."))
    if total != 100:
        faults.append(
            _("Các trọng số cộng điểm phải có tổng bằng 100; hiện là %(total)s. Điểm trừ không tính vào tổng này.")
            % {"total": total}
        )
    if len(set(chain)) != len(chain):
        faults.append(_("Mỗi tiêu chí xét khi bằng điểm chỉ được dùng một lần."))
    if rule["minimum_headcount"] < 1:
        faults.append(_("Biên chế tối thiểu phải từ 1 người: không có biên chế thì không tính được tỷ lệ tham gia."))
    return faults + _prize_faults(prizes)


def _prize_faults(prizes: Sequence[Sequence[Any]]) -> list[str]:
    titles = [title for title, _count in prizes]
    faults = []
    if not all(titles):
        faults.append(_("Mỗi giải phải có tên."))
    if len(set(titles)) < len(titles):
        faults.append(_("Hai giải không được trùng tên."))
    if any(not 1 <= count <= MOST_PRIZES for _title, count in prizes):
        faults.append(_("Số giải phải từ 1 đến 1.000."))
    return faults


def inputs_in_words(rule: Mapping[str, Any]) -> list[InputInWords]:
    """The inputs that move points, heaviest first, the penalty last."""
    used = [each for each in CollectiveInput if rule["weights"][each]]
    used.sort(key=lambda each: (each == CollectiveInput.ZERO, -rule["weights"][each]))
    return [
        InputInWords(
            each.value,
            str(each.label),
            rule["weights"][each],
            "−" if each == CollectiveInput.ZERO else "+",
            definition_of(each),
        )
        for each in used
    ]


def definition_of(input: CollectiveInput) -> str:
    """How the input's value on the scale of 0 to 100 comes about."""
    return {
        CollectiveInput.PARTICIPATION: _(
            "Mỗi tuần lấy số người tham gia chia cho biên chế đã khóa, nhân 100, quá 100 thì tính 100; rồi lấy trung"
            " bình cộng của các tuần."
        ),
        CollectiveInput.SCORE: _(
            "Mỗi tuần lấy điểm trung bình của đơn vị chia cho điểm tối đa của tuần, nhân 100; rồi lấy trung bình cộng"
            " của các tuần đơn vị có bài."
        ),
        CollectiveInput.PERFECT: _(
            "Tổng số bài đúng tất cả chia cho tổng số bài được xét của đơn vị trong các tuần, nhân 100."
        ),
        CollectiveInput.ZERO: _(
            "Tổng số bài 0 điểm chia cho tổng số bài được xét của đơn vị trong các tuần, nhân 100. Phần này bị trừ."
        ),
        CollectiveInput.REPORT: _("Số tuần đơn vị gửi báo cáo đúng hạn chia cho số tuần phải gửi, nhân 100."),
        CollectiveInput.CLIP_DUTY: _(
            "Đơn vị có ít nhất một video được nhận vào vòng chấm thì được 100, không có thì 0. Tính sau khi công bố kết"
            " quả thi video."
        ),
        CollectiveInput.CLIP_SCORE: _(
            "Điểm của video được chấm cao nhất của đơn vị chia cho điểm tối đa của thang điểm, nhân 100, quá 100 thì"
            " tính 100; không có video có điểm thì 0. Tính sau khi công bố kết quả thi video."
        ),
    }[input]


def formula(rule: Mapping[str, Any]) -> str:
    """The sum in one line, as "50% × tỷ lệ tham gia bình quân + … − 10% × tỷ lệ bài 0 điểm"."""
    text = ""
    for each in inputs_in_words(rule):
        term = f"{each.weight}% × {each.label[0].lower()}{each.label[1:]}"
        text += f" {each.sign} {term}" if text else term
    return text


def collective_sentences(rule: Mapping[str, Any]) -> list[str]:
    """Everything about the ranking of units that is not in the table of inputs."""
    sentences = [
        _(
            "Mỗi tiêu chí được đưa về thang 0 đến 100 và làm tròn một lần đến 2 chữ số thập phân, từ 5 trở lên thì"
            " làm tròn lên; sau đó nhân với trọng số và cộng lại, không làm tròn thêm."
        ),
        _(
            "Tiêu chí mà cổng thông tin chưa có số liệu (ghi “chưa có”) thì mọi đơn vị đều không được cộng điểm ở tiêu"
            " chí đó; thứ hạng vì vậy không bị ảnh hưởng."
        ),
        _(
            "Tính trên mọi tuần thi chính thức có công bố kết quả, trừ tuần thi thử. Mỗi đơn vị tính riêng, không cộng"
            " số liệu của đơn vị trực thuộc."
        ),
        _(
            "Đơn vị sáp nhập hoặc đổi mã trong thời gian hội thi: số liệu các tuần trước được cộng vào đơn vị kế thừa."
            " Đơn vị bị chia tách hoặc giải thể thì không cộng vào đâu và không xếp hạng."
        ),
        _grouping_sentence(rule["grouping"]),
        _(
            "Đơn vị có biên chế dưới %(least)s người ở tuần thi cuối cùng, không thuộc tuần thi đó, hoặc không có ai"
            " tham gia cả hội thi, được tính điểm nhưng không xếp hạng."
        )
        % {"least": rule["minimum_headcount"]},
        _ties_sentence(rule["tie_chain"]),
    ]
    if rule["prizes"]:
        sentences.append(
            _(
                "Các đơn vị vẫn bằng nhau thì đồng hạng. Khi số giải không đủ cho các đơn vị đồng hạng, Ban Tổ chức"
                " quyết định và ghi vào biên bản."
            )
        )
    return sentences


def _grouping_sentence(grouping: str) -> str:
    return {
        Grouping.BLOCKS: _(
            "Xếp hạng trong từng bảng thi theo loại đơn vị; hội thi không chia bảng thì xếp hạng chung."
        ),
        Grouping.KINDS: _("Xếp hạng trong từng loại đơn vị."),
        Grouping.ALL: _("Xếp hạng chung tất cả các đơn vị."),
    }[Grouping(grouping)]


def _ties_sentence(chain: Sequence[str]) -> str:
    if not chain:
        return _("Các đơn vị bằng tổng điểm thì đồng hạng.")
    labels = [str(CollectiveInput(key).label) for key in chain]
    listed = ", ".join([labels[0], *(label[0].lower() + label[1:] for label in labels[1:])])
    if CollectiveInput.ZERO in chain:
        return _("Bằng tổng điểm thì xét lần lượt: %(chain)s (bài 0 điểm: ít hơn xếp trên).") % {"chain": listed}
    return _("Bằng tổng điểm thì xét lần lượt: %(chain)s.") % {"chain": listed}


def award_sentence(rule: Mapping[str, Any]) -> str:
    """Whom, besides winners, the organisers propose for an award."""
    if rule["perfect_rounds"] is None:
        return _(
            "Ngoài giải, Ban Tổ chức đề nghị khen người trả lời đúng tất cả các câu ở mọi tuần thi và đơn vị có 100%"
            " biên chế tham gia ở mọi tuần thi."
        )
    return _(
        "Ngoài giải, Ban Tổ chức đề nghị khen người trả lời đúng tất cả các câu ở ít nhất %(rounds)s tuần thi và đơn"
        " vị có 100%% biên chế tham gia ở mọi tuần thi."
    ) % {"rounds": rule["perfect_rounds"]}


def words_of_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The rule as the public rules and the pages of the ranking print it."""
    return {
        "formula": formula(rule),
        "inputs": inputs_in_words(rule),
        "sentences": collective_sentences(rule),
        "prizes": rule["prizes"],
        "award": award_sentence(rule),
        "version": rule["version"],
    }
