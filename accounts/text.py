"""Vietnamese text: one normal form, and keys that sort and find it without a database collation."""

import unicodedata

ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}  # huyền hỏi ngã sắc nặng
_LETTER_KEY = {letter: chr(ord("A") + index) for index, letter in enumerate(ALPHABET)}


def nfc(text: str) -> str:
    """`text` in Unicode form NFC, outer white space removed and inner runs made one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def search_key(text: str) -> str:
    """`text` in lower case without any diacritic (`Đặng` → `dang`): what a hurried person types."""
    decomposed = unicodedata.normalize("NFD", nfc(text).lower().replace("đ", "d"))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def sort_key(text: str) -> str:
    """A string whose byte order is the Vietnamese dictionary order of `text`.

    Letters decide first (a < ă < â < b …), tones (ngang < huyền < hỏi < ngã < sắc < nặng) only between
    equal letters. Digits sort before letters.
    """
    letters, tones = [], []
    for char in nfc(text).lower():
        base, tone = _split_tone(char)
        letters.append(_LETTER_KEY.get(base, base if base < "A" else "z"))
        tones.append(tone)
    return "".join(letters) + "\x01" + "".join(tones)


def person_sort_key(full_name: str) -> str:
    """Sort key of a person: by given name (the last word), then by the whole name."""
    words = nfc(full_name).split(" ")
    return sort_key(words[-1]) + "\x02" + sort_key(" ".join(words[:-1]))


def _split_tone(char: str) -> tuple[str, str]:
    tone, rest = "0", []
    for part in unicodedata.normalize("NFD", char):
        if part in TONES:
            tone = TONES[part]
        else:
            rest.append(part)
    return unicodedata.normalize("NFC", "".join(rest)), tone
