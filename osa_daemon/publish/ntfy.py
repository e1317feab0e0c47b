"""The second way for alerts: messages by an ntfy server to phones without Home Assistant."""

import logging
import threading
import time
import traceback
from collections.abc import Mapping
from http.client import HTTPException
from random import Random

from osa_daemon.errors import ConfigError
from osa_daemon.publish.backoff import Backoff
from osa_daemon.publish.credentials import read_token
from osa_daemon.publish.http_exchange import Request, exchange
from osa_daemon.publish.ntfy_answer import Failure, failure_of, no_answer
from osa_daemon.publish.ntfy_settings import NtfySettings
from osa_daemon.publish.ntfy_waiting import Job, Waiting
from osa_daemon.publish.payloads import Value
from osa_daemon.publish.timing import NtfyTiming, Timing

_log = logging.getLogger(__name__)


class NtfyChannel:
    """Sends alerts to a topic on an ntfy server, whatever that server does.

    `tell` may be called from any thread and does not block. Nothing of the network raises:
    `problem` tells of it. A message is tried again until it is taken, its alert is over, or it
    is stale. Nothing is sent but messages: no connection is made while there is no alert.

    A second way that fails must not take the first one with it: `busy_s` is for a watchdog of
    much patience.
    """

    def __init__(
        self,
        settings: NtfySettings,
        *,
        timing: NtfyTiming | None = None,
        random: Random | None = None,
    ) -> None:
        self._settings = settings
        self._timing = timing or NtfyTiming()
        self._random = random or Random()
        self._waiting = Waiting(settings)
        self._wake = threading.Event()
        self._job: Job | None = None  # the one that was tried last
        self._backoff = self._new_backoff()
        self._next_s = float("-inf")
        self._busy_since_s: float | None = None
        self._stop_s: float | None = None
        self._cause: str | None = None  # why the last attempt failed
        self._failure: str | None = None
        self._token_problem: str | None = None
        self._thread = threading.Thread(target=self._run, name="osa-ntfy", daemon=True)

    def start(self) -> None:
        """Begin to wait for alerts."""
        self._thread.start()

    def tell(self, payload: Mapping[str, Value]) -> None:
        """Take a payload of the topic `alert`, and send what it asks for."""
        try:
            self._waiting.tell(payload, time.monotonic())
        except Exception as error:  # noqa: BLE001  # whoever tells has more to do than this
            self._failure = _bug(error).sentence
        self._wake.set()

    def stop(self, timeout_s: float) -> None:
        """Send what waits, if that can be, and end; at most `timeout_s`."""
        self._stop_s = time.monotonic() + timeout_s
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    @property
    def problem(self) -> str | None:
        """Why the last message was not taken, or the next cannot be sent, in one sentence."""
        if self.busy_s > self._timing.hangs_s:
            return (
                f"A message to {self._settings.address.server} hangs: check the network and its "
                "name server."
            )
        return self._token_problem or self._failure

    @property
    def busy_s(self) -> float:
        """For how long (s) the attempt that is under way has lasted; 0 where none is."""
        busy_since_s = self._busy_since_s
        return 0.0 if busy_since_s is None else time.monotonic() - busy_since_s

    def _run(self) -> None:
        while True:
            self._wake.clear()
            now_s = time.monotonic()
            pause_s = self._step(now_s)
            if pause_s is None:
                return
            self._wake.wait(pause_s)

    def _step(self, now_s: float) -> float | None:
        """Do what is due; return the time to the next step (s), or None at the end."""
        job = self._waiting.next()
        if job is None:
            self._look_at_token()
            return None if self._stop_s is not None else self._timing.idle_s
        if job is not self._job:
            self._job, self._backoff, self._next_s = job, self._new_backoff(), now_s
        stale_s = job.put_s + self._timing.stale_s
        if now_s >= stale_s:
            self._drop(job, now_s)
        elif self._stop_s is not None and max(self._next_s, now_s) >= self._stop_s:
            return None
        elif now_s >= self._next_s:
            self._attempt(job, now_s)
        else:
            return min(self._next_s, stale_s) - now_s
        return 0.0

    def _attempt(self, job: Job, now_s: float) -> None:
        self._busy_since_s = now_s
        try:
            failure = self._send(job, now_s)
        except Exception as error:  # noqa: BLE001  # the next alert must find the thread alive
            failure = _bug(error)
        self._busy_since_s = None
        done_s = time.monotonic()
        if failure is None:
            self._waiting.finish(job, done_s, is_sent=True)
            _log.info("ntfy: %s has the message", self._settings.address.server)
            self._failure = self._cause = None
            return
        self._cause = failure.sentence
        if failure.sentence != self._token_problem:
            self._note(failure.sentence)
        pause_s = self._backoff.pause_s(is_refusal=failure.is_refusal)
        if failure.wait_s is not None:
            pause_s = max(pause_s, min(failure.wait_s, self._timing.retry_after_max_s))
        self._next_s = done_s + pause_s

    def _send(self, job: Job, now_s: float) -> Failure | None:
        """Make one attempt; the token is read anew, it may have been put right."""
        token = self._look_at_token()
        if self._token_problem is not None:
            return Failure(self._token_problem, is_refusal=True)
        address, left_s = self._settings.address, self._timing.request_deadline_s
        if self._stop_s is not None:
            left_s = min(left_s, self._stop_s - now_s)
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        body = job.message.body(address.topic, self._settings.title)
        try:
            answer = exchange(address, Request("POST", address.folder, headers, body), left_s)
        except (OSError, HTTPException) as error:
            return no_answer(self._settings, error)
        return failure_of(self._settings, answer)

    def _look_at_token(self) -> str | None:
        try:
            token = read_token(self._settings.token_file)
        except ConfigError as error:
            sentence = f"{error}."
            if sentence != self._token_problem:
                _log.warning("ntfy: %s", sentence)
            self._token_problem = sentence
            return None
        self._token_problem = None
        return token

    def _drop(self, job: Job, now_s: float) -> None:
        self._waiting.finish(job, now_s, is_sent=False)
        self._note(
            f"A message was not sent within {self._timing.stale_s / 60:.2g} min and is dropped. "
            f"{self._cause or ''}".rstrip()
        )

    def _note(self, sentence: str) -> None:
        if sentence != self._failure:
            _log.warning("ntfy: %s", sentence)
        self._failure = sentence

    def _new_backoff(self) -> Backoff:
        timing = self._timing
        return Backoff(
            Timing(retry_min_s=timing.retry_min_s, retry_max_s=timing.retry_max_s), self._random
        )


def _bug(error: Exception) -> Failure:
    """Log where it came from but not its words, which might hold the token or the topic."""
    kind, places = type(error).__name__, "".join(traceback.format_tb(error.__traceback__))
    _log.error("ntfy: a message could not be sent (%s); this is a bug.\n%s", kind, places)
    return Failure(f"A message by ntfy could not be sent ({kind}): this is a bug.", is_refusal=True)
