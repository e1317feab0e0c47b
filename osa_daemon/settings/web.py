"""The section `web`: the page that the daemon serves. Off unless somebody switches it on."""

import ipaddress
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, model_validator

from osa_daemon.settings.about import About
from osa_daemon.settings.section import CONFIG, check_pair, conflict
from osa_daemon.settings.text import HOST, AbsolutePath

_FILE: Final = "an absolute path, or null"


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError("names are not looked up: write the address") from None


def _addresses(text: str) -> str:
    return ", ".join(_address(word.strip()) for word in text.split(","))


def _page(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("") from None
    is_known = HOST.fullmatch(host) is not None or _is_address(host)
    if parts.scheme not in {"http", "https"} or not is_known or port == 0:
        raise ValueError("")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("neither a user nor anything behind ? or # belongs there")
    return text.rstrip("/") + "/"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


ListenAddress = Annotated[str, AfterValidator(_address)]
ProxyList = Annotated[str, Field(max_length=500), AfterValidator(_addresses)]
PageUrl = Annotated[
    str, Field(max_length=200, pattern=r"^https?://[^\s\x00-\x1f\x7f]+$"), AfterValidator(_page)
]


class WebTls(BaseModel):
    """Encryption of the page."""

    model_config = CONFIG

    enabled: Annotated[
        bool,
        About(
            "Whether the page speaks HTTPS; without files of your own the daemon makes a "
            "certificate in its state folder."
        ),
    ] = False
    cert_file: Annotated[
        AbsolutePath | None,
        About("Certificate of your own, with the chain behind it.", allowed=_FILE),
    ] = None
    key_file: Annotated[
        AbsolutePath | None, About("Private key of that certificate.", allowed=_FILE)
    ] = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        check_pair("web.tls", self.cert_file, self.key_file, "a certificate needs both")
        if self.cert_file is not None and not self.enabled:
            raise conflict(
                "cert_file",
                f"web.tls.cert_file is {self.cert_file}, but web.tls.enabled is false: "
                "set it to true, or remove the files to serve unencrypted",
            )
        return self


class Web(BaseModel):
    """The page that the daemon serves to browsers. Off while `enabled` is false."""

    model_config = CONFIG

    enabled: Annotated[bool, About("Whether the daemon serves its page.")] = False
    address: Annotated[
        ListenAddress,
        About(
            "Address to listen on: 127.0.0.1 is this machine alone, 0.0.0.0 is all of its IPv4 "
            "addresses, :: those of IPv6 too. Beyond this machine the page wants a password, and "
            "`web.tls` or a trusted proxy.",
            allowed="an IPv4 or IPv6 address such as 127.0.0.1 or 0.0.0.0",
        ),
    ] = "127.0.0.1"
    # the service may not open those below 1024
    port: Annotated[int, Field(ge=1024, le=65535), About("Port to listen on.")] = 8321
    password_file: Annotated[
        AbsolutePath | None,
        About(
            "File that holds the hash of the page's password, written by `osa-daemon "
            "web-password`; null is `web-password` in the state folder.",
            allowed=_FILE,
        ),
    ] = None
    url: Annotated[
        PageUrl | None,
        About(
            "Address under which browsers reach the page, where it is another one than its own, "
            "as behind a proxy; Home Assistant's link to the device leads there.",
            allowed="an http or https address such as https://bed.example.org/, or null",
        ),
    ] = None
    trusted_proxies: Annotated[
        ProxyList | None,
        About(
            "Addresses of reverse proxies, with commas between: what these say of who asks, and "
            "how, is believed. Without `web.tls` nobody else is served beyond this machine.",
            allowed="IP addresses such as 192.168.1.5, with commas between, or null",
        ),
    ] = None
    tls: WebTls = WebTls()

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the page."""
        return ipaddress.ip_address(self.address).is_loopback

    @property
    def proxies(self) -> frozenset[str]:
        """The trusted proxies' addresses."""
        return frozenset(self.trusted_proxies.split(", ") if self.trusted_proxies else ())
