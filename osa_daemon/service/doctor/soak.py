"""`osa-daemon doctor --soak 10m`: what the chain costs on this machine, and whether it keeps up.

Sound goes through capture and chain as at the bedside; nothing is published or kept. It is what a
Pi's owner can send: CONTRIBUTING.md says how to read it.
"""

import json
import os
import sys
import time
from argparse import Namespace
from array import array
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Block
from osa_daemon.audio.source import Source, SourceState
from osa_daemon.errors import EXIT_OK, EXIT_RESOURCE
from osa_daemon.service.chain import Chain, ids_of
from osa_daemon.service.diagnostics import cpu_s, memory_mb
from osa_daemon.service.doctor.board import temperature, throttled
from osa_daemon.service.doctor.finding import Verdict
from osa_daemon.service.doctor.machine import Machine, this_machine
from osa_daemon.service.doctor.soak_report import SoakReport, lines_of, verdict_of
from osa_daemon.service.doctor.source import READ_S, first_block, open_source
from osa_daemon.service.memory import peak_memory_mb
from osa_daemon.service.models import load_models
from osa_daemon.service.rules import scoring_settings
from osa_daemon.service.throttling import Throttled, read
from osa_daemon.settings.load import load

LOOK_S = 5.0  # between looks at temperature and power
PERCENTILES = (50, 95, 100)
NOMINAL_HZ = (8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 192000)


def soak_command(arguments: Namespace) -> int:
    """Measure for `arguments.soak` seconds, or until Ctrl-C; exit code 4 if it does not keep up."""
    settings = load(arguments.config).settings
    models = load_models()
    rules = scoring_settings(settings, models.detector().metadata)
    source = open_source(arguments, settings.microphone.device)
    chain = Chain(models, rules, ids_of("doctor"))
    meter = Meter(getattr(source, "monotonic_at", None))
    try:
        first = first_block(source)
        meter.begin(source)
        with suppress(KeyboardInterrupt):
            soak(_blocks(first, source, arguments.soak), chain, meter)
        report = meter.report(source, this_machine())
    finally:
        source.close()
    verdict, sentence = verdict_of(report)
    if arguments.json:
        print(json.dumps(report.fields() | {"verdict": verdict.name.lower(), "text": sentence}))
    else:
        print("\n".join(lines_of(report)))
    return EXIT_RESOURCE if verdict is Verdict.BAD else EXIT_OK


def soak(blocks: Iterator[Block], chain: Chain, meter: "Meter") -> None:
    """Let `blocks` pass the chain, each of them timed."""
    for block in blocks:
        began_s = time.perf_counter()
        chain.push(block)
        meter.add(block, time.perf_counter() - began_s)


def _blocks(first: Block, source: Source, duration_s: float) -> Iterator[Block]:
    """Give what is heard in so many seconds of the clock, or of a file."""
    block: Block | None = first
    began_s, told_s = time.monotonic(), float("-inf")
    while True:
        if block is not None:
            yield block
        elif source.health().state is SourceState.ENDED:
            break
        passed_s = time.monotonic() - began_s
        heard_s = block.end / SAMPLE_RATE_HZ if block is not None else 0.0
        if max(passed_s, heard_s) >= duration_s:
            break
        if sys.stderr.isatty() and passed_s - told_s >= 1.0:
            told_s = passed_s
            _progress(f"{passed_s:.0f} of {duration_s:.0f} s")
        block = source.read(READ_S)
    if sys.stderr.isatty():
        _progress("")


def _progress(text: str) -> None:
    print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


@dataclass(slots=True)
class Meter:
    """Collects what a soak measures.

    `recorded_at` gives the monotonic time at which a sample was recorded, as a microphone can.
    """

    recorded_at: Callable[[int], float | None] | None
    pushes_s: "array[float]" = field(default_factory=lambda: array("f"))
    audio_samples: int = 0
    gaps: int = 0
    latest_s: float | None = None  # longest time from a sample's recording to its passing
    temperatures: list[float] = field(default_factory=list)
    flags: list[Throttled] = field(default_factory=list)
    _end: int | None = None
    _looked_s: float = float("-inf")
    _began: tuple[float, float, float | None] = (0.0, 0.0, None)
    _overruns: int = 0
    _lost_s: float = 0.0

    def begin(self, source: Source) -> None:
        """All is ready, the first sound is there: what was before does not count."""
        health = source.health()
        self._overruns, self._lost_s = health.overruns, health.lost_s
        self._began = (time.monotonic(), cpu_s(), memory_mb())
        self._look(throttled())

    def add(self, block: Block, took_s: float) -> None:
        """A block has passed in `took_s`."""
        now_s = time.monotonic()
        self.pushes_s.append(took_s)
        self.audio_samples += len(block.samples)
        self.gaps += self._end is not None and block.start > self._end
        self._end = block.end
        recorded_s = self.recorded_at(block.end) if self.recorded_at else None
        if recorded_s is not None:
            self.latest_s = max(self.latest_s or 0.0, now_s - recorded_s)
        if now_s - self._looked_s >= LOOK_S:
            self._looked_s = now_s
            self._look(read())

    def _look(self, flags: Throttled | None) -> None:
        degrees = temperature()
        if degrees is not None:
            self.temperatures.append(degrees)
        if flags is not None and flags not in self.flags:
            self.flags.append(flags)

    def report(self, source: Source, machine: Machine) -> SoakReport:
        """Return the figures."""
        self._look(throttled())
        began_s, began_cpu_s, began_mb = self._began
        wall_s = time.monotonic() - began_s
        audio_s = self.audio_samples / SAMPLE_RATE_HZ
        health = source.health()
        pushes = np.frombuffer(self.pushes_s, dtype=np.float32)
        median, most, worst = np.percentile(pushes, PERCENTILES) if len(pushes) else (0.0,) * 3
        heard_s = max(audio_s, 1e-9)
        nominal_hz = nominal_rate(health.rate_hz)
        return SoakReport(
            machine=machine,
            device=health.device,
            wall_s=wall_s,
            audio_s=audio_s,
            cpu_per_audio_s=(cpu_s() - began_cpu_s) / heard_s,
            block_ms_p50=1000 * float(median),
            block_ms_p95=1000 * float(most),
            block_ms_max=1000 * float(worst),
            real_time_factor=float(pushes.sum()) / heard_s,
            delay_s_max=self.latest_s,
            overruns=health.overruns - self._overruns,
            gaps=self.gaps,
            lost_s=health.lost_s - self._lost_s,
            rate_hz=health.rate_hz,
            nominal_hz=nominal_hz,
            memory_mb_start=began_mb,
            memory_mb_end=memory_mb(),
            memory_mb_peak=peak_memory_mb(),
            temperature_c_min=min(self.temperatures, default=None),
            temperature_c_max=max(self.temperatures, default=None),
            load=os.getloadavg()[0],
            throttled=self._throttled(),
        )

    def _throttled(self) -> str | None:
        """Return what held the processor back, "" for nothing, None where it is not told."""
        if not self.flags:
            return None
        first, last = self.flags[0], self.flags[-1]
        # what was over between two looks is in what the firmware keeps
        since = last.since_boot if last.since_boot != first.since_boot else None
        return next((flags.now for flags in self.flags if flags.now), since or "")


def nominal_rate(measured_hz: float | None) -> int | None:
    """Return the usual rate that a measured one is nearest to, by ratio."""
    if measured_hz is None or measured_hz <= 0:
        return None
    return min(NOMINAL_HZ, key=lambda rate: abs(np.log(measured_hz / rate)))
