"""The address of an ntfy topic, taken apart."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Annotated, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field

from osa_daemon.settings.text import HOST

_PRINTABLE = re.compile(r"[\x21-\x7e]{1,300}")
_FOLDER = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,63}")
_TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")  # what ntfy's server takes
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class TopicAddress:
    """A topic on a server. `folder` is the path of the server itself, from "/" to "/".

    Whoever knows the topic may read it, often write to it too: `server` is what may be told.
    """

    scheme: str
    host: str
    port: int
    folder: str
    topic: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an address; raise ValueError with what is wrong, which never repeats the text."""
        if not _PRINTABLE.fullmatch(text):
            raise ValueError("it holds a space, a letter beyond a to z, or more than 300 signs")
        try:
            parts = urlsplit(text)
        except ValueError:
            raise ValueError("the host is not one") from None
        if parts.scheme not in _PORTS:
            raise ValueError("write https:// in front, or http:// for a server at home")
        if "@" in parts.netloc:
            raise ValueError(
                "leave out the user and the password: an access token goes into a file, "
                "ntfy.token_file"
            )
        if "?" in text or "#" in text:
            raise ValueError("leave out ? or # and what follows")
        host, port = _host_and_port(parts)
        return cls(parts.scheme, host, port, *_folder_and_topic(parts.path))

    @property
    def is_encrypted(self) -> bool:
        """Whether the connection is."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """Host and port as they stand in an address; the port where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def server(self) -> str:
        """The server as a person reads it, without the topic."""
        return f"{self.scheme}://{self.authority}"


def _host_and_port(parts: SplitResult) -> tuple[str, int]:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("the port must be a whole number from 1 to 65535")
    host = parts.hostname or ""
    if not (HOST.fullmatch(host) and len(host) <= 253):
        try:
            host = str(ipaddress.ip_address(host))
        except ValueError:
            raise ValueError("the host is not one") from None
    return host, port or _PORTS[parts.scheme]


def _folder_and_topic(path: str) -> tuple[str, str]:
    *folders, topic = path.strip("/").split("/")
    if not topic:
        raise ValueError(
            "the topic is missing: it stands behind the host, as my-bedroom does in the example"
        )
    if not _TOPIC.fullmatch(topic) or not all(map(_FOLDER.fullmatch, folders)):
        raise ValueError(
            "what stands behind the host is no topic: 1 to 64 of the characters a-z, A-Z, 0-9, "
            "- and _"
        )
    return "/".join(["", *folders, ""]), topic


def _checked(text: str) -> str:
    TopicAddress.parse(text)
    return text


TopicUrl = Annotated[
    str, Field(json_schema_extra={"pattern": "^https?://"}), AfterValidator(_checked)
]
