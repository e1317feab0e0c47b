"""`osa-daemon run`: wiring of the rooms, and the threads of one run from its start to its end."""

import argparse
import faulthandler
import logging
import sys
import threading
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

from osa_daemon import __version__
from osa_daemon.audio.file import FileSource
from osa_daemon.audio.microphone import MicrophoneSource
from osa_daemon.audio.phone import PhoneSource
from osa_daemon.audio.source import Source, SourceState
from osa_daemon.clock import SYSTEM_CLOCK, Clock
from osa_daemon.errors import EXIT_STALLED
from osa_daemon.journal.eras import Reckoning
from osa_daemon.journal.journal import Journal
from osa_daemon.publish.mqtt import MqttPublisher
from osa_daemon.publish.ntfy import NtfyChannel
from osa_daemon.publish.payloads import DaemonState
from osa_daemon.service import notify
from osa_daemon.service.alerting.start import alert_policy
from osa_daemon.service.bedside import Bedside
from osa_daemon.service.broker import alert_after_range, mqtt_settings
from osa_daemon.service.broker_news import BrokerNews
from osa_daemon.service.bulletin import Bulletin
from osa_daemon.service.chain import Chain
from osa_daemon.service.clips import Clips
from osa_daemon.service.clock import StreamClock
from osa_daemon.service.commands import Commands
from osa_daemon.service.computer import boot_id
from osa_daemon.service.diagnostics import Diagnostics
from osa_daemon.service.guard import leave_at_once, watch_the_end
from osa_daemon.service.herald import Herald
from osa_daemon.service.live import LiveSettings
from osa_daemon.service.minutes import Minutes
from osa_daemon.service.models import Models, load_models
from osa_daemon.service.ntfy import ntfy_settings, token_in_the_open
from osa_daemon.service.outbox import Outbox
from osa_daemon.service.page import Teed, make_page, problem_of
from osa_daemon.service.reload import Reload
from osa_daemon.service.rooms import Rooms
from osa_daemon.service.rules import with_shortfall
from osa_daemon.service.secrecy import keep_sound_secret
from osa_daemon.service.secret_files import exposed
from osa_daemon.service.signals import Signals
from osa_daemon.service.sounds import Sounds, unshown
from osa_daemon.service.status_line import StatusLine
from osa_daemon.service.store import Store
from osa_daemon.service.tasks import ENDING, LOADING, OPENING, STORING, Task
from osa_daemon.service.throttling import slowed
from osa_daemon.service.tonight import Tonight
from osa_daemon.service.traces import Traces
from osa_daemon.service.vigil import LOOP_S, Vigil
from osa_daemon.settings.load import Loaded
from osa_daemon.settings.model import PHONE, Settings
from osa_daemon.web.address import configuration_url, is_placed

CHAIN_DEADLINE_S = 30.0  # where it is in none of the tasks that have their own
PUBLISH_DEADLINE_S = 60.0  # of its thread; a broker that is away for a night is no hang
NTFY_DEADLINE_S = 900.0  # of one attempt: the resolver alone may take minutes
CHAIN_SILENT_S = 8.0  # at the end, without a sign of life
CHAIN_STOP_S = 20.0  # with signs of life: a slow card; with the next three below `ENDING`
NTFY_STOP_S = 2.0
CLIPS_STOP_S = 1.0
PAGE_STOP_S = 2.0
PAGE_LOOK_S = 30.0  # until a page's new address is announced
STOP_S = 5.0

_log = logging.getLogger(__name__)


def run_command(args: argparse.Namespace, loaded: Loaded, signals: Signals | None = None) -> int:
    """Run until SIGTERM, SIGINT, or the end of a file given as source."""
    settings = loaded.settings
    logging.basicConfig(
        level=settings.logging.level.upper(), format="%(levelname)s %(message)s", stream=sys.stderr
    )
    vigil = Vigil(signals)
    vigil.begin()
    try:
        keep_sound_secret()
        models = vigil.attend(LOADING, load_models)
        if models is None:  # it is to end: whatever still loads them must not hold that up
            notify.stopping()
            leave_at_once(vigil.exit_code)
        metadata = models.detector().metadata
        live = LiveSettings(loaded, metadata)
        for warning in (*with_shortfall(loaded, metadata).warnings, *exposed(loaded)):
            _log.warning("%s", warning)
        source = make_source(args, settings)
        return Daemon(loaded, models, live, source, vigil=vigil).run()
    finally:
        vigil.end()
        watch_the_end()


def make_source(args: argparse.Namespace, settings: Settings) -> Source:
    """Return the file that was asked for, in real time by default, or the microphone."""
    if args.source is not None:
        return FileSource(args.source, speed=args.speed or 1.0)
    if settings.microphone.device == PHONE:
        return PhoneSource()
    return MicrophoneSource(settings.microphone.device)


def make_ntfy(settings: Settings) -> NtfyChannel | None:
    """Return the second way for alerts, where the settings ask for one."""
    ntfy = ntfy_settings(settings)
    if ntfy is None:
        return None
    if warning := token_in_the_open(ntfy):
        _log.warning("%s", warning)
    return NtfyChannel(ntfy)


class Daemon:
    """The threads of one run: the chain's, the publishers', and the caller's that watches."""

    def __init__(
        self,
        loaded: Loaded,
        models: Models,
        live: LiveSettings,
        source: Source,
        *,
        vigil: Vigil | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._loaded = loaded
        self._models = models
        self._live = live
        self._source = source
        self._vigil = vigil or Vigil()
        self._clock = clock
        self._model_version = models.network.sha256[:12]
        broker = mqtt_settings(
            loaded.settings.mqtt,
            model=self._model_version,
            alerts=loaded.settings.alerts,
            page_url=configuration_url(loaded.settings),
        )
        self._page_looked_s = clock.monotonic_s()
        self._acknowledged: list[Callable[[str], None]] = []
        self._commands = Commands(clock)
        self.publisher = MqttPublisher(
            broker, self._on_acknowledged, self._commands.put, clock=clock
        )
        self._ntfy = make_ntfy(loaded.settings)
        phone = source.link if isinstance(source, PhoneSource) else None
        self._page = make_page(
            loaded,
            self._commands,
            phone_ring=phone.ring_fd if phone else None,
            on_phone=phone.hear if phone else None,
        )
        if phone is not None and self._page is not None:
            phone.on_wish = self._page.tell_phone
        self._told = Teed(self.publisher, self._page) if self._page else self.publisher
        self._news: BrokerNews | None = None
        if self._page is not None:
            self._news = BrokerNews(self.publisher, self._page.state, self._ntfy)
        self._clips = Clips(loaded.settings, self._told)
        self._chain_stage = self._vigil.beats.watch("chain", CHAIN_DEADLINE_S)
        self._stop = threading.Event()
        self._reload = Reload(live, self._on_reloaded, self._doing)
        self._herald = Herald(self._vigil.signals, self._reload)
        self._status = StatusLine()
        self._store: Store | None = None
        self._bedside: Bedside | None = None
        self._bulletin: Bulletin | None = None

    def run(self) -> int:
        """Run to the end; return the exit code."""
        self._vigil.begin()
        try:
            chain = threading.Thread(target=self._run_chain, name="osa-chain", daemon=True)
            self._start_publishing()
            self._chain_stage.beat()
            chain.start()
            self._watch(chain)
            return self._end(chain)
        finally:
            self._vigil.end()

    def _start_publishing(self) -> None:
        publisher, ntfy = self.publisher, self._ntfy
        self._vigil.beats.watch_age("MQTT", PUBLISH_DEADLINE_S, lambda: publisher.step_age_s)
        publisher.start()
        if ntfy is not None:
            self._vigil.beats.watch_age("ntfy", NTFY_DEADLINE_S, lambda: ntfy.busy_s)
            ntfy.start()
        self._clips.start()
        if self._page is not None:
            self._page.start()

    def _on_acknowledged(self, event_id: str) -> None:
        for listener in self._acknowledged:
            listener(event_id)

    def _run_chain(self) -> None:
        """What ends it before its time ends the process (`Deaths`)."""
        self._make_bedside().run()

    def _doing(self, task: Task) -> AbstractContextManager[None]:
        return self._chain_stage.doing(task)

    def _make_bedside(self) -> Bedside:
        """Make what belongs to the chain's thread, in that thread (SQLite wants it so)."""
        publisher, live, ntfy, page = self._told, self._live, self._ntfy, self._page
        clock = StreamClock(
            getattr(self._source, "monotonic_at", None),
            monotonic=self._clock.monotonic_s,
            wall=self._clock.wall_s,
        )
        bulletin = Bulletin(
            publisher,
            clock,
            __version__,
            self._model_version,
            self._on_status,
            on_alert=ntfy.tell if ntfy is not None else None,
            slowed=slowed,
        )
        reckoning = Reckoning(boot_id(), clock.offset_s)
        store = Store(
            lambda: self._open_journal(reckoning), bulletin.storage, self._clock, self._doing
        )
        outbox = Outbox(store, publisher, self._clock)
        self._acknowledged.append(outbox.acknowledged)
        keep_days = self._loaded.settings.journal.keep_days
        rooms = Rooms(
            source=self._source,
            make_chain=self._make_chain,
            clock=clock,
            store=store,
            outbox=outbox,
            bulletin=bulletin,
            publisher=publisher,
            tonight=Tonight(store, bulletin, live.rules, keep_days, clock.now(), clock=self._clock),
            minutes=Minutes(store),
            traces=Traces(store),
            diagnostics=Diagnostics(store, self._model_version, self._clock),
            commands=self._commands,
            live=live,
            alerts=alert_policy(store, bulletin.alert, lambda: live.alerts, clock.now()),
            reload=self._reload,
            ways_problem=lambda: problem_of(ntfy, page),
            on_step=Sounds(page.sound, clock.wall_time).step if page else unshown,
            doing=self._doing,
            recorder=self._clips.recorder(clock.wall_time),
            delete_clips=self._clips.delete_all,
        )
        bedside = Bedside(rooms, self._chain_stage.beat, self._stop)
        self._store, self._bulletin, self._bedside = store, bulletin, bedside
        return bedside

    def _open_journal(self, reckoning: Reckoning) -> Journal:
        path = self._loaded.settings.journal.path
        # once it listens, a disk that hangs must not keep it deaf for as long as a start may take
        with self._doing(OPENING if self._bedside is None else STORING):
            return Journal.open(path, reckoning=reckoning, clock=self._clock)

    def _make_chain(self) -> Chain:
        rules = self._live.rules
        return Chain(self._models, rules, lambda _onset_s: uuid.uuid4().hex, self._doing)

    def _on_status(self, state: DaemonState, text: str) -> None:
        self._status.tell(state, text)
        _log.info("%s: %s", state, text)

    def _on_reloaded(self) -> None:
        """Let what is no room of the bedside go by the settings as they are now."""
        settings = self._live.settings
        logging.getLogger().setLevel(settings.logging.level.upper())
        self.publisher.announce_range(alert_after_range(settings.alerts))

    def _look_for_page(self) -> None:
        """Announce where the page is, which after a boot without a network is not known yet."""
        now_s = self._clock.monotonic_s()
        if self._page is None or now_s - self._page_looked_s < PAGE_LOOK_S:
            return
        self._page_looked_s = now_s
        settings = self._loaded.settings
        # a link to what is not served would mislead, and without a network the last one stays
        if self._page.problem is None and is_placed(settings):
            self.publisher.announce_page(configuration_url(settings))

    def _watch(self, chain: threading.Thread) -> None:
        """Look after the others until the source ends, a signal comes or a thread dies."""
        while chain.is_alive() and not self._vigil.must_end:
            chain.join(LOOP_S)
            if self._news is not None:
                self._news.look()
            self._vigil.pulse(starts=not self._herald.is_ready)
            has_told = self._bedside is not None and self._bedside.has_told.is_set()
            self._herald.tell(self._line(), is_up=has_told)
            self._look_for_page()

    def _line(self) -> str:
        """Return what `systemctl status` is to show."""
        store, bulletin = self._store, self._bulletin
        troubles = []
        if store is not None and store.problem is not None:
            troubles.append("events are not stored")
        if self._live.is_refused:
            troubles.append("the settings file was not taken up")
        return self._status.line(
            None if bulletin is None else bulletin.events,
            is_connected=self.publisher.connected,
            starting=self._chain_stage.task if store is None else "waiting for the first sound",
            troubles=tuple(troubles),
        )

    def _end(self, chain: threading.Thread) -> int:
        notify.stopping()
        notify.extend_timeout(ENDING.deadline_s)
        self._stop.set()
        with self._vigil.ending(ENDING):
            self._wait_for(chain)
            self._source.close()
            if self._ntfy is not None:
                self._ntfy.stop(NTFY_STOP_S)
            self._clips.stop(CLIPS_STOP_S)
            if self._page is not None:
                self._page.stop(PAGE_STOP_S)
            status = self._bulletin.end() if self._bulletin is not None else None
            self.publisher.stop(STOP_S, status)
        if chain.is_alive():
            self._leave_behind()
        health = self._source.health()
        if health.state is SourceState.HOPELESS:
            _log.critical("%s", health.text)
            return EXIT_STALLED
        _log.info("Stopped.")
        return self._vigil.exit_code

    def _wait_for(self, chain: threading.Thread) -> None:
        """Let the chain say its last, as long as it gives signs of life."""
        until_s = self._clock.monotonic_s() + CHAIN_STOP_S
        while chain.is_alive() and self._clock.monotonic_s() < until_s:
            chain.join(LOOP_S)
            if self._chain_stage.silent_s > CHAIN_SILENT_S:
                return

    def _leave_behind(self) -> None:
        """End without the chain's thread, which does not."""
        task = self._chain_stage.task or "an unknown place"
        if self._bedside is None:  # still at the start: nothing was heard, nothing can be lost
            _log.info("Stopped while the chain was at %s.", task)
            leave_at_once(self._vigil.exit_code)
        _log.error("The chain does not end; it hangs in %s.", task)
        faulthandler.dump_traceback(all_threads=True)
        leave_at_once(EXIT_STALLED)
