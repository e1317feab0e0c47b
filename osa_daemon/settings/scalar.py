"""A scalar of YAML read as what the setting wants, not as YAML 1.1 would guess.

YAML 1.1 reads `22:00` as 1320, `off` and `no` as false, `010` as 8 and `2026-01-02` as a date.
Here the setting decides: where text is wanted, what stands there is the text; where a truth
value is wanted, yes, no, on and off are ones; numbers are decimal.
"""

import math
import re

from osa_daemon.settings.catalogue import Setting

_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "yes", "on"}
_FALSE = {"false", "no", "off"}
_WHOLE = re.compile(r"[+-]?(0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d{0,17})?(\.\d+)?([eE][+-]?\d{1,3})?")
_WITH_UNIT = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*([a-zA-Zµ%°]+)")

Value = bool | float | str | None


class NotWanted(ValueError):  # noqa: N818  # caught at once; what it holds is a remark, not an error
    """The text is not what the setting wants; the message is a remark that helps, or empty."""


def read(text: str, setting: Setting, *, quoted: bool) -> Value:
    """Return the value that `text` means for `setting`; raise NotWanted if it means none."""
    if not quoted and text in _NULL:
        if setting.optional:
            return None
        raise NotWanted("remove the line to take the default")
    if setting.kind in {"text", "choice"}:
        return text
    if quoted:
        raise NotWanted("write it without quotes")
    if setting.kind == "bool":
        return _bool(text)
    return _number(text, whole=setting.kind == "int")


def _bool(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise NotWanted("")


def _number(text: str, *, whole: bool) -> float:
    if whole and _WHOLE.fullmatch(text):
        return int(text)
    if not whole and _NUMBER.fullmatch(text) and any(map(str.isdigit, text)):
        number = float(text)
        if math.isfinite(number):
            return number
    raise NotWanted(_remark(text))


def _remark(text: str) -> str:
    if found := re.fullmatch(r"(\d{1,3})\s*%", text):
        return f"shares are written as {int(found[1]) / 100:g}"
    if found := _WITH_UNIT.fullmatch(text):
        return f"the unit stands in the key's name: write {found[1]}"
    if re.fullmatch(r"\d+,\d+", text):
        return f"decimals are written with a point: {text.replace(',', '.')}"
    if re.fullmatch(r"[+-]?0\d+", text):
        return "write it without leading zeros"
    if re.fullmatch(r"\d+(:\d\d)+", text):
        return "a time of day is not a number"
    return ""
