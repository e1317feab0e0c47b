"""`osa-daemon run`: wiring of the rooms, and the main thread that watches over the others."""

import argparse
import faulthandler
import logging
import os
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable

from osa_daemon import __version__
from osa_daemon.audio.file import FileSource
from osa_daemon.audio.microphone import MicrophoneSource
from osa_daemon.audio.source import Source
from osa_daemon.errors import EXIT_BUG, EXIT_OK, EXIT_STALLED
from osa_daemon.journal.journal import Journal
from osa_daemon.publish.mqtt import MqttPublisher
from osa_daemon.publish.ntfy import NtfyChannel
from osa_daemon.service import notify
from osa_daemon.service.alerting.start import alert_policy
from osa_daemon.service.bedside import Bedside, Rooms
from osa_daemon.service.broker import mqtt_settings
from osa_daemon.service.bulletin import Bulletin
from osa_daemon.service.chain import Chain
from osa_daemon.service.clips import Clips
from osa_daemon.service.clock import StreamClock
from osa_daemon.service.commands import Commands
from osa_daemon.service.diagnostics import Diagnostics
from osa_daemon.service.heartbeat import Heartbeats
from osa_daemon.service.live import LiveSettings
from osa_daemon.service.minutes import Minutes
from osa_daemon.service.models import Models, load_models
from osa_daemon.service.ntfy import ntfy_settings, token_in_the_open
from osa_daemon.service.outbox import Outbox
from osa_daemon.service.rules import with_shortfall
from osa_daemon.service.secrecy import keep_sound_secret
from osa_daemon.service.secret_files import exposed
from osa_daemon.service.store import Store
from osa_daemon.service.tonight import Tonight
from osa_daemon.settings.load import Loaded
from osa_daemon.settings.model import Settings

LOOP_S = 0.2
CHAIN_DEADLINE_S = 30.0  # a 2 s chunk takes 20 ms here; a starved Pi may take seconds
PUBLISH_DEADLINE_S = 60.0
CHAIN_STOP_S = 6.0  # with the next three within systemd's TimeoutStopSec
NTFY_STOP_S = 2.0
CLIPS_STOP_S = 1.0
STOP_S = 5.0

_log = logging.getLogger(__name__)


def run_command(args: argparse.Namespace, loaded: Loaded) -> int:
    """Run until SIGTERM, SIGINT, or the end of a file given as source."""
    settings = loaded.settings
    logging.basicConfig(
        level=settings.logging.level.upper(), format="%(levelname)s %(message)s", stream=sys.stderr
    )
    keep_sound_secret()
    models = load_models()
    metadata = models.detector().metadata
    live = LiveSettings(loaded, metadata)
    for warning in (*with_shortfall(loaded, metadata).warnings, *exposed(loaded)):
        _log.warning("%s", warning)
    source = make_source(args, settings)
    return Daemon(loaded, models, live, source).run()


def make_source(args: argparse.Namespace, settings: Settings) -> Source:
    """Return the file that was asked for, in real time by default, or the microphone."""
    if args.source is not None:
        return FileSource(args.source, speed=args.speed or 1.0)
    return MicrophoneSource(settings.microphone.device)


def make_ntfy(settings: Settings) -> NtfyChannel | None:
    """Return the second way for alerts, where the settings ask for one."""
    ntfy = ntfy_settings(settings)
    if ntfy is None:
        return None
    if warning := token_in_the_open(ntfy):
        _log.warning("%s", warning)
    return NtfyChannel(ntfy)


def open_journal(settings: Settings) -> Journal:
    """Open the journal; raise StorageError where that fails."""
    journal = Journal.open(settings.journal.path)
    if journal.notice:
        _log.warning("%s", journal.notice)
    return journal


class Daemon:
    """The threads of one run: the chain's, the publisher's, and the caller's that watches."""

    def __init__(
        self,
        loaded: Loaded,
        models: Models,
        live: LiveSettings,
        source: Source,
    ) -> None:
        self._loaded = loaded
        self._models = models
        self._live = live
        self._source = source
        self._model_version = models.network.sha256[:12]
        broker = mqtt_settings(
            loaded.settings.mqtt, model=self._model_version, alerts=loaded.settings.alerts
        )
        self._acknowledged: list[Callable[[str], None]] = []
        self._commands = Commands()
        self.publisher = MqttPublisher(broker, self._on_acknowledged, self._commands.put)
        self._ntfy = make_ntfy(loaded.settings)
        self._clips = Clips(loaded.settings, self.publisher)
        self._beats = Heartbeats(time.monotonic)
        self._stop = threading.Event()
        self._is_signalled = False
        self._bedside: Bedside | None = None
        self._bulletin: Bulletin | None = None
        self._status = "Starting"
        self._failure: BaseException | None = None

    def run(self) -> int:
        """Run to the end; return the exit code."""
        faulthandler.enable()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self._beats.watch("chain", CHAIN_DEADLINE_S)
        chain = threading.Thread(target=self._chain_thread, name="osa-chain", daemon=True)
        self.publisher.start()
        if self._ntfy is not None:
            self._ntfy.start()
        self._clips.start()
        chain.start()
        self._watch(chain)
        return self._end(chain)

    def _on_signal(self, *_: object) -> None:
        """Only note it: a lock taken here might be one that the interrupted thread holds."""
        self._is_signalled = True

    def _on_acknowledged(self, event_id: str) -> None:
        for listener in self._acknowledged:
            listener(event_id)

    def _chain_thread(self) -> None:
        try:
            self._make_bedside().run()
        except Exception as error:  # noqa: BLE001  # edge of a thread: it must not die unheard
            _log.exception("The chain failed; this is a bug.")
            self._failure = error

    def _make_bedside(self) -> Bedside:
        """Make what belongs to the chain's thread, in that thread (SQLite wants it so)."""
        settings, publisher, live = self._loaded.settings, self.publisher, self._live
        clock = StreamClock(getattr(self._source, "monotonic_at", None))
        ntfy = self._ntfy
        bulletin = Bulletin(
            publisher,
            clock,
            __version__,
            self._model_version,
            self._on_status,
            on_alert=ntfy.tell if ntfy is not None else None,
        )
        store = Store(lambda: open_journal(settings), bulletin.storage)
        outbox = Outbox(store, publisher)
        self._acknowledged.append(outbox.acknowledged)
        rooms = Rooms(
            source=self._source,
            make_chain=lambda: Chain(self._models, live.rules, lambda _onset_s: uuid.uuid4().hex),
            clock=clock,
            store=store,
            outbox=outbox,
            bulletin=bulletin,
            publisher=publisher,
            tonight=Tonight(store, bulletin, live.rules, settings.journal.keep_days, clock.now()),
            minutes=Minutes(store),
            diagnostics=Diagnostics(store, self._model_version),
            commands=self._commands,
            live=live,
            alerts=alert_policy(store, bulletin.alert, lambda: live.alerts, clock.now()),
            ntfy_problem=lambda: ntfy.problem if ntfy is not None else None,
            recorder=self._clips.recorder(clock.wall_time),
            delete_clips=self._clips.delete_all,
        )
        bedside = Bedside(rooms, lambda: self._beats.beat("chain"), self._stop)
        self._bulletin, self._bedside = bulletin, bedside
        return bedside

    def _on_status(self, state: str, text: str) -> None:
        self._status = text
        _log.info("%s: %s", state, text)
        notify.status(text)

    def _watch(self, chain: threading.Thread) -> None:
        """Feed the watchdog while every stage is alive; end the process where one hangs."""
        is_ready = False
        while chain.is_alive() and not self._is_signalled:
            chain.join(LOOP_S)
            overdue = self._beats.overdue()
            if self.publisher.step_age_s > PUBLISH_DEADLINE_S:
                overdue.append("publisher")
            if overdue:
                self._abandon(overdue)
            notify.alive()
            if not is_ready and self._bedside is not None and self._bedside.has_told.is_set():
                is_ready = True
                notify.ready(self._status)
                _log.info("Ready: %s", self._status)

    def _abandon(self, overdue: list[str]) -> None:
        """A stage hangs and nothing can free it: dump the stacks and let systemd start anew."""
        _log.critical("No sign of life from: %s. The process ends to be restarted.", overdue)
        faulthandler.dump_traceback(all_threads=True)
        os._exit(EXIT_STALLED)

    def _end(self, chain: threading.Thread) -> int:
        notify.stopping()
        self._stop.set()
        chain.join(CHAIN_STOP_S)
        self._source.close()
        if self._ntfy is not None:
            self._ntfy.stop(NTFY_STOP_S)
        self._clips.stop(CLIPS_STOP_S)
        status = self._bulletin.end() if self._bulletin is not None else None
        self.publisher.stop(STOP_S, status)
        if chain.is_alive():
            _log.error("The chain did not end within %.0f s.", CHAIN_STOP_S)
            return EXIT_STALLED
        _log.info("Stopped.")
        return EXIT_OK if self._failure is None else EXIT_BUG
