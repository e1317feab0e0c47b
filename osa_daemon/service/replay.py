"""`osa-daemon replay`: a recording through the bedside's chain, into files (contract C2)."""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from osa_daemon.audio.block import SAMPLE_RATE_HZ
from osa_daemon.audio.file import FileSource
from osa_daemon.audio.source import Source
from osa_daemon.report.words import counted
from osa_daemon.scoring.event import Event
from osa_daemon.scoring.night import NightTally
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.chain import Chain, Step, ids_of
from osa_daemon.service.memory import peak_memory_mb
from osa_daemon.service.models import Models, load_models
from osa_daemon.service.outputs import (
    FrameTable,
    Output,
    check_outputs,
    event_fields,
    whole_bytes,
    whole_file,
    write_event,
)
from osa_daemon.service.picture import NightPicture
from osa_daemon.service.rules import scoring_settings, shortfall
from osa_daemon.settings.load import load

READ_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a replay says at once: a step, or (`step` None) events that the end decided."""

    step: Step | None
    events: tuple[Event, ...]


def replay(source: Source, chain: Chain) -> Iterator[Outcome]:
    """Run a source to its end through a fresh chain."""
    while (block := source.read(READ_TIMEOUT_S)) is not None:
        for step in chain.push(block):
            yield Outcome(step, step.scored.events)
    steps, last = chain.finish()
    for step in steps:
        yield Outcome(step, step.scored.events)
    yield Outcome(None, last.events)


def rules_of(args: argparse.Namespace, models: Models) -> ScoringSettings:
    """Return the rules from the settings file and the command's own sensitivity.

    A limit that the model cannot keep is told on stderr.
    """
    metadata, settings = models.detector().metadata, load(args.config).settings
    told = shortfall(settings, metadata, args.sensitivity)
    if told is not None:
        print(told, file=sys.stderr)
    return scoring_settings(settings, metadata, args.sensitivity)


@dataclass(slots=True)
class _Sinks:
    """Where a replay's outcomes go."""

    tally: NightTally
    events: Output[str] | None
    frames: FrameTable | None
    picture: NightPicture | None
    found: list[Event]

    def take(self, outcome: Outcome) -> None:
        if outcome.step is not None:
            self.tally.push(outcome.step.frame, outcome.step.scored)
            if self.frames is not None:
                self.frames.add(outcome.step)
        else:
            for event in outcome.events:
                self.tally.add(event)
        if self.picture is not None:
            self.picture.add(outcome.step, outcome.events)
        self.found += outcome.events
        if self.events is not None:
            for event in outcome.events:
                write_event(self.events, event)


def replay_command(args: argparse.Namespace) -> int:
    """Run `osa-daemon replay`; see the module's docstring."""
    written = (("--events", args.events), ("--frames", args.frames), ("--picture", args.picture))
    check_outputs(args.file, written)
    picture = NightPicture(args.file.name) if args.picture else None
    source = FileSource(args.file)
    began_s = time.process_time()
    models = load_models()
    rules = rules_of(args, models)
    chain = Chain(models, rules, ids_of(args.file.name))
    with ExitStack() as files:
        events = files.enter_context(whole_file(args.events)) if args.events else None
        frames = files.enter_context(whole_file(args.frames)) if args.frames else None
        drawing = files.enter_context(whole_bytes(args.picture)) if args.picture else None
        table = FrameTable(frames) if frames else None
        sinks = _Sinks(NightTally(rules), events, table, picture, [])
        for outcome in replay(source, chain):
            sinks.take(outcome)
        if picture is not None and drawing is not None:
            drawing.write(picture.png())
    source.close()
    _tell(args, sinks, chain.end / SAMPLE_RATE_HZ, time.process_time() - began_s)
    return 0


def _tell(args: argparse.Namespace, sinks: _Sinks, audio_s: float, cpu_s: float) -> None:
    figures = sinks.tally.figures()
    summary: dict[str, Any] = {
        "events": figures.events,
        "index": figures.index,
        "monitorable_s": round(figures.monitorable_s, 1),
        "audio_s": round(audio_s, 2),
        "cpu_s": round(cpu_s, 2),
        "peak_rss_mb": round(peak_memory_mb(), 1),
    }
    if args.json:
        print(json.dumps(summary))  # the command's output
        return
    for event in [] if args.events else sinks.found:
        print(json.dumps(event_fields(event)))
    minutes = audio_s / 60
    index = figures.index_reason if figures.index is None else f"{figures.index} per hour"
    print(
        f"{counted(figures.events, 'event')} in {minutes:.1f} min "
        f"({counted(figures.apneas, 'apnea')}, {counted(figures.hypopneas, 'hypopnea')}); "
        f"{figures.monitorable_share:.0%} of the time monitorable; "
        f"index: {index}; CPU {cpu_s:.1f} s, peak memory {summary['peak_rss_mb']:.0f} MB."
    )
