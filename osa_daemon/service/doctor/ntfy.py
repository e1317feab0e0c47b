"""Doctor's look at the ntfy server: its health is asked for, nothing is sent to the topic."""

from collections.abc import Iterator
from http.client import HTTPException

from osa_daemon.errors import ConfigError
from osa_daemon.publish.credentials import read_token
from osa_daemon.publish.http_exchange import Request, exchange
from osa_daemon.publish.ntfy_answer import failure_of, is_healthy, no_answer, not_ntfy
from osa_daemon.publish.ntfy_settings import NtfySettings
from osa_daemon.service.doctor.finding import Finding, bad, closed_or_bad, doubtful, good
from osa_daemon.service.ntfy import token_in_the_open

NAME = "ntfy"
DEADLINE_S = 8.0
REFUSED = (401, 403)  # ntfy looks at the token of every request, whatever it asks for


def check_ntfy(ntfy: NtfySettings) -> Iterator[Finding]:
    """Whether the server answers and knows the token; whether others can read that on the way."""
    try:
        token = read_token(ntfy.token_file)
    except ConfigError as error:
        yield closed_or_bad(NAME, error)
        return
    yield _health(ntfy, token)
    in_the_open = token_in_the_open(ntfy)
    if in_the_open is not None:
        yield doubtful(NAME, in_the_open)


def _health(ntfy: NtfySettings, token: str | None) -> Finding:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    request = Request("GET", f"{ntfy.address.folder}v1/health", headers)
    try:
        answer = exchange(ntfy.address, request, DEADLINE_S)
    except (OSError, HTTPException) as error:
        return bad(NAME, no_answer(ntfy, error).sentence)
    if is_healthy(answer):
        return good(NAME, f"{ntfy.address.server} answers; whether messages arrive, a test tells")
    failure = failure_of(ntfy, answer) if answer.status in REFUSED else None
    return doubtful(NAME, not_ntfy(ntfy)) if failure is None else bad(NAME, failure.sentence)
