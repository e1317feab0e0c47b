"""Kinds of text in the settings: paths, host names, topics, microphones."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from osa_daemon.settings.hours import SPAN, Hours

HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}(\.[A-Za-z0-9_-]{1,63})*\.?")  # RFC 1123
_CARD = re.compile(r"\d+|(plug)?hw:.*|(card|index)[ :]?\d+", re.IGNORECASE)


def _absolute(path: Path) -> Path:
    if str(path).startswith("~"):
        raise ValueError("~ is not expanded: write the folder out")
    if not path.is_absolute() or "\0" in str(path):
        raise ValueError("")
    return path


def _host(text: str) -> str:
    if "://" in text:
        scheme = text.partition("://")[0]
        raise ValueError(
            f"write the host without {scheme if scheme.isalnum() else 'mqtt'}://; "
            "the port has a key of its own, mqtt.port"
        )
    if HOST.fullmatch(text) and len(text) <= 253:
        return text
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        pass
    if re.fullmatch(r".+:\d+", text):
        raise ValueError("the port has a key of its own, mqtt.port")
    raise ValueError("")


def _topic(text: str) -> str:
    if text.startswith("$") or "" in text.split("/"):
        raise ValueError("")
    return text


def _device(text: str) -> str:
    if _CARD.fullmatch(text):
        raise ValueError("card numbers change from start to start")
    return text


def _hours(text: str) -> str:
    Hours.parse(text)
    return text


AbsolutePath = Annotated[
    Path, Field(strict=False, json_schema_extra={"pattern": "^/"}), AfterValidator(_absolute)
]
HostName = Annotated[str, AfterValidator(_host)]
Topic = Annotated[str, Field(pattern=r"^[^\s#+\x00-\x1f]{1,100}$"), AfterValidator(_topic)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$")]
Label = Annotated[
    str, Field(pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]{0,58}[^\s\x00-\x1f\x7f])?$")
]
DeviceText = Annotated[
    str, Field(pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]{0,198}\S)?$"), AfterValidator(_device)
]
HoursText = Annotated[str, Field(pattern=f"^{SPAN}$"), AfterValidator(_hours)]
Sentence = Annotated[
    str, Field(pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]{0,198}[^\s\x00-\x1f\x7f])?$")
]
