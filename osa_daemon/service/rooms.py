"""What the bedside needs of the other rooms, made by `run`."""

from collections.abc import Callable
from dataclasses import dataclass, field

from osa_daemon.audio.source import Source
from osa_daemon.clips.recorder import Recorder
from osa_daemon.service.alerting.policy import AlertPolicy
from osa_daemon.service.bulletin import Bulletin, Publisher
from osa_daemon.service.chain import Chain, Step
from osa_daemon.service.clock import StreamClock
from osa_daemon.service.commands import Commands
from osa_daemon.service.diagnostics import Diagnostics
from osa_daemon.service.live import LiveSettings
from osa_daemon.service.minutes import Minutes
from osa_daemon.service.outbox import Outbox
from osa_daemon.service.reload import Reload
from osa_daemon.service.store import Store
from osa_daemon.service.tasks import Doing, unwatched
from osa_daemon.service.tonight import Tonight
from osa_daemon.service.traces import Traces


@dataclass(slots=True)
class Rooms:
    """All of it, for one run."""

    source: Source
    make_chain: Callable[[], Chain]
    clock: StreamClock
    store: Store
    outbox: Outbox
    bulletin: Bulletin
    publisher: Publisher
    tonight: Tonight
    minutes: Minutes
    traces: Traces
    diagnostics: Diagnostics
    commands: Commands
    live: LiveSettings
    alerts: AlertPolicy
    reload: Reload
    ways_problem: Callable[[], str | None] = lambda: None  # of ntfy, of the page
    on_step: Callable[[Step], None] = lambda _step: None
    doing: Doing = unwatched
    recorder: Recorder = field(default_factory=Recorder)
    delete_clips: Callable[[], None] = lambda: None
