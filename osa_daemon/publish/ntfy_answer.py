"""What an ntfy server's answer, or the lack of one, means: sentences that a user can act on.

They go into the log and to Home Assistant, so none names the topic or the token.
"""

import json
import math
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from urllib.parse import urlsplit

from osa_daemon.publish.http_exchange import OK, Answer
from osa_daemon.publish.networks import no_answer_hint, unknown_name_hint
from osa_daemon.publish.ntfy_settings import NtfySettings
from osa_daemon.settings.words import shorten

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_LARGE, TOO_MANY = 401, 403, 404, 413, 429


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message was not taken.

    `is_refusal`: the same message will hardly be taken in a second. `wait_s`: how long the server
    asks to be left alone, where it does.
    """

    sentence: str
    is_refusal: bool = False
    wait_s: float | None = None


def no_answer(settings: NtfySettings, error: OSError | HTTPException) -> Failure:
    """The failure of an exchange that ended without an answer."""
    server = f"The ntfy server at {settings.address.server}"
    match error:
        case ssl.SSLCertVerificationError():
            sentence = (
                f"{server} shows a certificate that is not valid for this machine "
                f"({shorten(error.verify_message)}): check the host in ntfy.url and the clock."
            )
        case ssl.SSLError():
            sentence = f"{server} does not speak TLS: check https:// and the port in ntfy.url."
        case socket.gaierror():
            hint = unknown_name_hint()
            sentence = f"{server} is not known: check the host in ntfy.url and the network{hint}."
        case TimeoutError():
            hint = no_answer_hint(settings.address.host)
            sentence = f"{server} does not answer: check ntfy.url and the network{hint}."
        case ConnectionRefusedError():
            sentence = f"{server} is not there: check ntfy.url, and that it runs."
        case ConnectionError():
            sentence = f"{server} hung up before it answered: check ntfy.url."
        case HTTPException():
            sentence = f"{server} does not answer in HTTP: check ntfy.url."
        case _:
            cause = error.strerror or "no reason is given"
            sentence = f"{server} cannot be reached: {cause.lower()}."
    return Failure(sentence)


def failure_of(settings: NtfySettings, answer: Answer) -> Failure | None:
    """The failure that an answer to a message tells of; None where the server has the message."""
    server = f"The ntfy server at {settings.address.server}"
    if answer.status == OK:
        if _fields(answer).get("event") == "message":
            return None
        return Failure(not_ntfy(settings), is_refusal=True)
    if answer.status == TOO_MANY:
        return Failure(
            f"{server} takes no more messages for now (429): its limits are reached.",
            is_refusal=True,
            wait_s=_seconds(answer.retry_after),
        )
    if 300 <= answer.status < 400:
        return Failure(_sent_on(server, answer.location), is_refusal=True)
    if answer.status >= 500:
        return Failure(f"{server} has a fault of its own ({answer.status}): look into its log.")
    return Failure(_refused(settings, answer.status), is_refusal=True)


def not_ntfy(settings: NtfySettings) -> str:
    """The sentence for a server that answers as ntfy's does not."""
    return (
        f"The server at {settings.address.server} answers, but not as an ntfy server does: "
        "check ntfy.url, and whether a page to log in stands before it."
    )


def is_healthy(answer: Answer) -> bool:
    """Whether the answer to a look at the server's health is that of ntfy, and good."""
    return answer.status == OK and _fields(answer).get("healthy") is True


def _refused(settings: NtfySettings, status: int) -> str:
    server = f"The ntfy server at {settings.address.server}"
    if status in (UNAUTHORIZED, FORBIDDEN) and settings.token_file is None:
        return f"{server} asks for an access token ({status}): set ntfy.token_file."
    if status == UNAUTHORIZED:
        return f"{server} does not know the token in {settings.token_file} (401): make a new one."
    if status == FORBIDDEN:
        return (
            f"{server} does not let the owner of the token in {settings.token_file} write to the "
            "topic of ntfy.url (403): check its access list."
        )
    if status == NOT_FOUND:
        return f"{server} does not know where the message is to go (404): check ntfy.url."
    if status == TOO_LARGE:
        return f"{server} finds the message too long (413): shorten ntfy.message."
    return f"{server} does not take the message ({status}): check ntfy.url, and look into its log."


def _sent_on(server: str, location: str | None) -> str:
    """A server's own words are shown only as far as they name another server."""
    try:
        parts = urlsplit(location or "")
        host = f"{parts.scheme}://{parts.hostname}" if parts.scheme and parts.hostname else ""
    except ValueError:
        host = ""
    where = f" to {shorten(host)}" if host else ""
    return f"{server} sends messages on{where}: put the address that it means into ntfy.url."


def _fields(answer: Answer) -> dict[str, object]:
    try:
        fields = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _seconds(text: str | None) -> float | None:
    """The seconds that `Retry-After` (RFC 9110 section 10.2.3) asks for; None where it does not."""
    if text is None:
        return None
    try:
        wait_s = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        wait_s = (aware - datetime.now(UTC)).total_seconds()
    return wait_s if math.isfinite(wait_s) and wait_s >= 0 else None
