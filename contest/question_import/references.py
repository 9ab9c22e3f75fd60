"""Choices that speak of other choices ("Cả A và B", "Tất cả các đáp án trên") need the order they were written in.

Recognising one too many only keeps an order; missing one makes a question wrong when choices are shuffled. So
the patterns are generous. Pure functions on text.
"""

import re
from collections.abc import Iterable

from accounts.text import nfc

_NOUN = r"(?:phương án|đáp án|lựa chọn|câu trả lời|câu|ý kiến|ý|nội dung|trường hợp|khẳng định|phát biểu|mục)"
_AMOUNT = r"(?:hai|ba|bốn|năm|[2-5])"
_LETTER = r"[a-f]"
_JOIN = r"(?:\s*[,;/&+]\s*(?:và\s+)?|\s+(?:và|hoặc|lẫn|with|and|or)\s+)"
_PLACE = r"(?:trên|dưới|còn lại|vừa nêu|nêu trên|đã nêu|kể trên|ở trên)"

_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        # Cả A và B; Cả a, b, c; chỉ A và C đúng; A và B đều sai; Đáp án A, B
        rf"(?:^|\s)(?:cả|chỉ|gồm|both)\s+(?:{_NOUN}\s+)?{_LETTER}(?:{_JOIN}{_LETTER}\b)+",
        rf"^(?:các\s+)?(?:{_NOUN}\s+)?{_LETTER}(?:{_JOIN}(?:{_NOUN}\s+)?{_LETTER})+(?:\s+(?:đều\s+)?(?:đúng|sai))?$",
        # phương án A đúng; như đáp án B
        rf"\b(?:phương án|đáp án|lựa chọn|option|answer)\s+{_LETTER}\b",
        # Cả hai phương án trên; Cả 3 đều đúng; cả ba
        rf"\bcả\s+{_AMOUNT}(?:\s+(?:{_NOUN}|đều|trên|đúng|sai)\b|$)",
        # Tất cả các đáp án trên; tất cả đều đúng; toàn bộ các ý trên; các phương án còn lại
        rf"\b{_NOUN}\s+(?:nêu\s+|ở\s+|kể\s+|đã\s+|vừa\s+|được\s+)*{_PLACE}\b",
        r"^(?:tất cả|toàn bộ|hai|ba)(?:\s+\S+){0,4}\s+(?:ở\s+)?trên$",
        r"^tất cả$",
        r"\bđều\s+(?:là\s+)?(?:đúng|sai|không đúng|không chính xác|chính xác)\b",
        # Không có đáp án nào đúng; không phương án nào
        rf"\bkhông\s+(?:có\s+)?{_NOUN}\s+nào\b",
        rf"\bkhông\s+(?:thuộc|phải là)\s+(?:các\s+)?{_NOUN}\s+(?:nào\s+)?{_PLACE}\b",
        # Đáp án khác; phương án khác
        r"^(?:phương án|đáp án|lựa chọn|câu trả lời)\s+khác$",
        r"\b(?:all|none|both|neither|any) of the (?:above|following|other)",
    )
)


def refers_to_others(choice: str) -> bool:
    """Whether the text of a choice speaks of other choices."""
    text = nfc(choice).lower().strip(" .:;!\"'“”()")
    return any(pattern.search(text) for pattern in _PATTERNS)


def needs_fixed_order(choices: Iterable[str]) -> bool:
    """Whether the choices of a question must stay in order."""
    return any(refers_to_others(choice) for choice in choices)
