"""Titles, tags, notes and names as people type them: made clean at the door, refused where they show nothing. Pure."""

from __future__ import annotations

import re
import unicodedata

from bot.errors import InvalidError
from bot.texts import _

_SUSPECT = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\ufffc\uffa0"
    "\U00016fe4\U0001d159\U000e0100-\U000e01ef]"
)
"""Printable by Python's word, and yet nothing to see."""
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\ufffc\uffa0\U00016fe4\U0001d159")
"""Letters, marks and symbols that show nothing. A blank of Braille is a blank."""
_SELECTORS = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""They choose between two looks of the character before them, a text's and an emoji's among them."""
_TAGS = re.compile("(\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f)")
"""The flags of England, Scotland and Wales, whose letters are invisible."""
_KEYCAPS = frozenset("0123456789#*\u203c\u2049\u2139\u3030")
"""What has two looks, beside symbols and the letters of scripts without case."""
_LAST_TAG = "\U000e007f"
_SEEN_FORMATS = re.compile("[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001345f]")
"""Format characters that are seen: signs over and around numbers, joiners of hieroglyphs."""
_ZWJ = "\u200d"
_JOINERS = frozenset("\u200c\u200d")
_JOINING = re.compile(
    "(?:ARABIC|SYRIAC|MANDAIC|NKO|MONGOLIAN|PHAGS-PA|DEVANAGARI|BENGALI|GURMUKHI|GUJARATI|ORIYA|TAMIL|TELUGU|KANNADA|"
    "MALAYALAM|SINHALA|MYANMAR|KHMER|TIBETAN|LIMBU|MEETEI|BALINESE|JAVANESE|SUNDANESE|CHAKMA|BRAHMI|GRANTHA) "
)
"""Scripts in which whether letters join is part of the spelling: Persian, Urdu, Hindi, Malayalam and others."""


def clean(text: str) -> str:
    """The text on one line in Unicode's form NFC, without what nobody sees.

    Gone are control and format characters, what turns the direction of the text around it, half characters
    (surrogates), fillers, and marks at the start that would sit on what stands before them. What emoji are joined of
    stays, and joiners stay in scripts that spell with them. White space becomes single spaces.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    if not text.isprintable() or _SUSPECT.search(text):
        text = _seen(text)
    text = " ".join(unicodedata.normalize("NFC", text).split())
    while text and (text[0] in _JOINERS or unicodedata.category(text[0])[0] == "M"):
        text = text[1:].lstrip()
    return text


def shows(text: str) -> bool:
    """Whether a text has anything that can be seen: a letter, a digit, a sign or an emoji."""
    return any(unicodedata.category(c)[0] not in "MZ" and c not in _SKIN for c in clean(text))


_SKIN = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
"""Colours of skin show nothing of their own."""


def shorten(text: str, limit: int = 60) -> str:
    """The text made clean and cut with an ellipsis, to quote in a sentence between “ and ”, which it has none of."""
    flat = clean(text[: 20 * limit]).translate(_QUOTES)
    return cut(flat, limit)


_QUOTES = {ord("“"): '"', ord("”"): '"'}


def cut(text: str, limit: int) -> str:
    """At most `limit` characters of a clean text, with an ellipsis where some are gone."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rstrip(" \u200c\u200d") + "…"


def parse_line(text: str, field: str, most: int) -> str:
    """What was typed into `field`, clean; "" for nothing typed.

    Raises InvalidError where it has more than `most` characters, or has some and shows nothing.
    """
    line = clean(text)
    if len(line) > most:
        raise InvalidError(
            _("{field}: “{value}” has {n} characters; {limit} is the limit.").format(
                field=field, value=shorten(line), n=len(line), limit=most
            )
        )
    if not shows(line) and text.strip():
        raise InvalidError(
            _("{field}: there is nothing to see in that text; type letters, digits or emoji.").format(field=field)
        )
    return line


def fit_line(text: str, most: int) -> str:
    """What came from elsewhere (a file, another service, a platform), clean and cut; "" where it shows nothing."""
    line = clean(text[: 20 * most])
    return cut(line, most) if shows(line) else ""


def _seen(text: str) -> str:
    """The text without what shows nothing: first the characters that never do, then loose selectors and joiners."""
    parts = _TAGS.split(text)  # every second one is a flag
    left = "".join(part if n % 2 else "".join(map(_visible, part)) for n, part in enumerate(parts))
    kept = ""
    for n, c in enumerate(left):
        before, after = kept[-1:], left[n + 1 : n + 2]
        if _SELECTORS.match(c):
            kept += c if _has_looks(before) else ""
        elif c in _JOINERS:
            kept += c if _joins(before) or (c == _ZWJ and _is_emoji(before) and _is_sign(after)) else ""
        else:
            kept += c
    return kept


def _visible(c: str) -> str:
    """The character itself, a space in its place, or nothing."""
    category = unicodedata.category(c)
    if c == "\u2800" or category in ("Cc", "Zl", "Zp"):
        return " "
    if c in _JOINERS:
        return c
    if c in _FILLERS or category == "Cs" or (category == "Cf" and not _SEEN_FORMATS.match(c)):
        return ""
    if category == "Cn" and (ord(c) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(c) <= 0xFDEF or ord(c) >= 0xE0000):
        return ""  # what is no character, and the plane of invisible ones
    if c == "\u2065" or "\ufff0" <= c <= "\ufff8":
        return ""  # not given out yet, and never to be seen (Default_Ignorable_Code_Point)
    return c


def _has_looks(c: str) -> bool:
    return bool(c) and (c in _KEYCAPS or _is_sign(c) or unicodedata.category(c) == "Lo")


def _is_emoji(c: str) -> bool:
    return _is_sign(c) or c == _LAST_TAG or _SELECTORS.match(c) is not None


def _is_sign(c: str) -> bool:
    """Whether it is a symbol, or one that is newer than this Python."""
    return bool(c) and (unicodedata.category(c)[0] == "S" or unicodedata.category(c) == "Cn")


def _joins(c: str) -> bool:
    """Whether joiners after the character are part of how its script is written."""
    return bool(c) and unicodedata.category(c)[0] in "LM" and bool(_JOINING.match(unicodedata.name(c, "")))
