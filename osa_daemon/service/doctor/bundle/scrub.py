"""Taking out of texts what is secret or tells whose house it is.

A secret becomes `<secret>`; what tells of the house a placeholder that is the same wherever the
same thing stood, so that a reader still sees that two lines speak of one broker.
"""

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final
from urllib.parse import quote, quote_plus

SECRET: Final = "<secret>"  # noqa: S105 that is what stands in its place
LEAST_SECRET: Final = 3  # shorter ones would take every text apart, and protect nothing
LEAST_ANYWHERE: Final = 5  # shorter private words are replaced where they stand alone

_PEM = re.compile(r"-----BEGIN [^-]+-----.*?(-----END [^-]+-----|\Z)", re.DOTALL)
_TOKEN = re.compile(r"\btk_[A-Za-z0-9]{4,}")  # of ntfy
_LOGIN = re.compile(r"(?<=://)[^\s/@]+(?=@)")
_URL_HOST = re.compile(r"(?<=://)(?!<)[^\s/\"'<>]+(/[^\s\"'<>]*)?")
_MAIL = re.compile(r"\b[\w.+-]+@[\w-]+(\.[\w-]+)+\b")
_HARDWARE = re.compile(r"\b[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}\b")
_FOUR = re.compile(r"(?<![\w.])\d{1,3}(\.\d{1,3}){3}(?![\w.]*\d)")
_SIX = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f.:]*(%\w+)?(?![\w:])")
_HOME = re.compile(r"(?<=/home/)[^/\s\"':,)]+")
_HOST = re.compile(
    r"\b[\w-]+(\.[\w-]+)*\.(local|lan|home|internal|localdomain|fritz\.box|home\.arpa)\b", re.I
)
_PLACE = re.compile(
    r"(?<=\bat )(?!\d\d:\d\d)[\w.\[\]:-]+:\d{1,5}\b"
)  # "the broker at host:port" of our log
_SERIAL = re.compile(r"(?<=usb:[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}:)[^\s,'\")]+")
_HEX_ID = re.compile(r"\b[0-9a-f]{32}\b")  # of machines and boots
_LOOPBACK = re.compile(r"^\[?(127\.|::1|localhost\b)")


class Scrubber:
    """Cleans texts; placeholders are kept from one text to the next.

    `secrets` are replaced wherever they stand, `private` (text → what it is, such as `mqtt.host`)
    too; both in upper or lower case, and as JSON, addresses and base64 write them.
    """

    def __init__(
        self, secrets: Iterable[str] = (), private: Mapping[str, str] | None = None
    ) -> None:
        shown: dict[str, str] = {}
        for text, name in (private or {}).items():
            shown |= dict.fromkeys(forms_of(text), f"<{name}>")
        secret = {form for text in secrets if len(text) >= LEAST_SECRET for form in forms_of(text)}
        shown |= dict.fromkeys(secret, SECRET)
        shown.pop("", None)
        self._secrets = tuple(form.lower() for form in secret)
        self._shown = {form.lower(): placeholder for form, placeholder in shown.items()}
        longest_first = sorted(shown, key=len, reverse=True)
        self._known = re.compile("|".join(map(_pattern, longest_first)) or r"(?!)", re.IGNORECASE)
        self._numbers: dict[str, dict[str, int]] = {}

    def text(self, text: str) -> str:
        """Return `text` without what is secret or private."""
        text = _PEM.sub(SECRET, text)
        # in one go: a placeholder must not be taken for what it stands for
        text = self._known.sub(lambda found: self._shown.get(found[0].lower(), "<name>"), text)
        return self._by_form(_TOKEN.sub(SECRET, text))

    def leaks(self, data: bytes) -> bool:
        """Whether a secret stands in `data` all the same."""
        rest = data.decode().replace(SECRET, "").lower()
        return any(form in rest for form in self._secrets)

    def number(self, kind: str, text: str) -> str:
        """Return the placeholder of `text`, the same for the same text."""
        known = self._numbers.setdefault(kind, {})
        return f"<{kind} {known.setdefault(text.lower(), len(known) + 1)}>"

    def _by_form(self, text: str) -> str:
        """Replace what is known by its form alone."""
        text = _LOGIN.sub(SECRET, text)
        text = _URL_HOST.sub(self._replace("address"), text)
        text = _MAIL.sub(self._replace("mail address"), text)
        text = _HARDWARE.sub(self._replace("hardware address"), text)
        text = _PLACE.sub(self._replace("address"), text)
        for pattern in (_FOUR, _SIX):
            text = pattern.sub(self._address, text)
        text = _HOME.sub(self._replace("user"), text)
        text = _SERIAL.sub(self._replace("serial"), text)
        text = _HEX_ID.sub(self._replace("id"), text)
        return _HOST.sub(self._replace("host"), text)

    def _replace(self, kind: str) -> "Callable[[re.Match[str]], str]":
        def shown(found: "re.Match[str]") -> str:
            return found[0] if _LOOPBACK.match(found[0]) else self.number(kind, found[0])

        return shown

    def _address(self, found: "re.Match[str]") -> str:
        """Replace what really is an address, and leads out of this machine."""
        try:
            address = ipaddress.ip_address(found[0].partition("%")[0])
        except ValueError:
            return found[0]
        is_plain = address.is_loopback or address.is_unspecified
        return found[0] if is_plain else self.number("address", found[0])


def forms_of(text: str) -> set[str]:
    """Return how `text` is written in JSON, in an address, by Python, and in base64."""
    raw = text.encode(errors="replace")
    return {
        text,
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        quote(text, safe="", errors="replace"),
        quote(text, errors="replace"),
        quote_plus(text, errors="replace"),
        repr(text)[1:-1],
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    }


def _pattern(text: str) -> str:
    escaped = re.escape(text)
    if len(text) < LEAST_ANYWHERE:
        return rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])"
    return escaped
