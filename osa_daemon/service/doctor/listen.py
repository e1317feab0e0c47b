"""`osa-daemon doctor --listen`: what the daemon would hear, live, on a line that is refreshed."""

import json
import math
import shutil
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TextIO

import numpy as np

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Block, Samples
from osa_daemon.audio.source import Source, SourceState
from osa_daemon.errors import EXIT_OK
from osa_daemon.features.levels import BROADBAND_HZ
from osa_daemon.service.chain import Chain, ids_of
from osa_daemon.service.doctor.seconds import WARM_S, Second, Seconds
from osa_daemon.service.doctor.source import READ_S, first_block, open_source
from osa_daemon.service.models import load_models
from osa_daemon.service.rules import scoring_settings
from osa_daemon.settings.load import load

BAR_WIDTH = 24
QUIETEST_DBFS = -96.0  # left end of the bar
WIDTH = 100  # where the terminal does not tell its own
CLEAR = "\r\x1b[K"  # ECMA-48: erase to the end of the line
HEAD = f"""\
What the daemon would hear, a second or three behind. Ctrl-C ends it; nothing is kept or sent.
The bar is the level, | in it the noise floor, both in dB of full scale. "can hear breathing": a
pause would be heard too. "cannot hear breathing": no breath stands out from the floor, so that no
pause can be told: move the microphone closer, or away from a fan. It needs up to {WARM_S} s to
listen in. After the semicolon, how sure the detector is of what sounds just now.
"""


def listen_command(arguments: Namespace) -> int:
    """Listen until Ctrl-C, the end of a file, or for `arguments.seconds`; see the module."""
    settings = load(arguments.config).settings
    models = load_models()
    rules = scoring_settings(settings, models.detector().metadata)
    chain = Chain(models, rules, ids_of("doctor"))
    view = _view(arguments)
    source = open_source(arguments, settings.microphone.device)
    tally = Tally()
    try:
        first = first_block(source)
        view.begin()
        _follow(_blocks(first, source, view, arguments.seconds), chain, view, tally)
    except KeyboardInterrupt:
        pass
    finally:
        source.close()
    view.end(tally, source.health().lost_s)
    return EXIT_OK


@dataclass(slots=True)
class Tally:
    """Sums up the seconds that were heard."""

    levels: list[float] = field(default_factory=list)
    audible: int = 0
    clipped: int = 0

    def add(self, second: Second) -> None:
        """Count a second."""
        if not second.is_lost:
            self.levels.append(second.level_dbfs)
            self.audible += second.is_audible
            self.clipped += second.is_clipped

    def sentence(self, lost_s: float) -> str:
        """Return what there is to say in the end."""
        if not self.levels:
            return "Nothing was heard."
        least, most = min(self.levels), max(self.levels)
        return (
            f"Heard {len(self.levels)} s: {least:.0f} to {most:.0f} dBFS, breathing in "
            f"{self.audible} s, overdriven in {self.clipped} s, {lost_s:.1f} s lost."
        )


def _follow(blocks: Iterable[Block], chain: Chain, view: "View", tally: Tally) -> None:
    """Hear `blocks` through the chain, and show it."""
    seconds = Seconds()
    for block in blocks:
        view.hear(block.samples)
        for second in seconds.take(chain.push(block)):
            tally.add(second)
            view.show(second)
    steps, _ = chain.finish()
    for second in (*seconds.take(steps), *seconds.finish()):
        tally.add(second)
        view.show(second)


def _blocks(
    first: Block, source: Source, view: "View", duration_s: float | None
) -> Iterator[Block]:
    """Give what is heard, for so long at most; where nothing comes, the view says why."""
    block: Block | None = first
    began_s = time.monotonic()
    while True:
        if block is not None:
            yield block
        elif source.health().state is SourceState.ENDED:
            return
        else:
            view.lack(source.health().text)
        heard_s = block.end / SAMPLE_RATE_HZ if block else 0.0
        if duration_s is not None and max(heard_s, time.monotonic() - began_s) >= duration_s:
            return
        block = source.read(READ_S)


class View:
    """Lines of text: one a second, on a terminal one that is written anew."""

    def __init__(self, out: TextIO, *, is_refreshed: bool) -> None:
        self._out = out
        self._is_refreshed = is_refreshed
        self._second: Second | None = None
        self._lack: str | None = None

    def begin(self) -> None:
        """Say what is to be seen."""
        self.tell(HEAD)

    def hear(self, samples: Samples) -> None:
        """Show the level of what has just arrived, on a terminal."""
        self._lack = None
        if self._is_refreshed:
            self._refresh(line_of(self._second, level_dbfs(samples)))

    def show(self, second: Second) -> None:
        """Show what was heard in a second."""
        self._second = second
        if not self._is_refreshed:
            self.tell(line_of(second, second.level_dbfs))

    def lack(self, text: str) -> None:
        """Show why nothing is heard; piped, only when the reason is a new one."""
        if self._is_refreshed:
            self._refresh(text)
        elif text != self._lack:
            self.tell(text)
        self._lack = text

    def end(self, tally: Tally, lost_s: float) -> None:
        """Leave the line that was refreshed, and sum up."""
        if self._is_refreshed:
            self.tell("")
        self.tell(tally.sentence(lost_s))

    def tell(self, text: str) -> None:
        """Print a line."""
        print(text, file=self._out, flush=True)

    def _refresh(self, text: str) -> None:
        width = shutil.get_terminal_size((WIDTH, 24)).columns - 1
        print(CLEAR + text[:width], end="", file=self._out, flush=True)


class JsonView(View):
    """The same for programs: an object a second, words aside."""

    def __init__(self, out: TextIO) -> None:
        super().__init__(out, is_refreshed=False)

    def begin(self) -> None:
        """Say nothing."""

    def show(self, second: Second) -> None:
        """Print a second."""
        self.tell(json.dumps(fields_of(second)))

    def lack(self, text: str) -> None:
        """Print why nothing is heard, each reason once."""
        if text != self._lack:
            self.tell(json.dumps({"v": 1, "problem": text}, ensure_ascii=False))
        self._lack = text

    def end(self, tally: Tally, lost_s: float) -> None:
        """Print the sums."""
        figures = {
            "v": 1,
            "heard_s": len(tally.levels),
            "audible_s": tally.audible,
            "clipped_s": tally.clipped,
            "lost_s": round(lost_s, 2),
        }
        self.tell(json.dumps(figures))


def _view(arguments: Namespace) -> View:
    if arguments.json:
        return JsonView(sys.stdout)
    return View(sys.stdout, is_refreshed=sys.stdout.isatty())


def fields_of(second: Second) -> dict[str, object]:
    """Return a second as it stands in JSON."""
    return {
        "v": 1,
        "t_s": second.t_s,
        "level_dbfs": round(second.level_dbfs, 1),
        "noise_dbfs": round(second.noise_dbfs, 1),
        "lost": second.is_lost,
        "clipped": second.is_clipped,
        "silent": second.is_silent,
        "audible": second.is_audible,
        "apnea": second.progress.value,
        "pause_s": None if second.pause_s is None else round(second.pause_s, 1),
        "p_breath": round(second.p_breath, 3),
        "p_snore": round(second.p_snore, 3),
        "p_apnea": round(second.p_apnea, 3),
        "p_hypopnea": round(second.p_hypopnea, 3),
    }


def line_of(second: Second | None, dbfs: float) -> str:
    """Return the line on what is heard, with the level `dbfs`."""
    floor = second.noise_dbfs if second else None
    shown = f"floor {floor:4.0f}" if floor is not None else "floor   ?"
    words = second.words if second else "listening in"
    return f"[{bar(dbfs, floor)}] {dbfs:4.0f} dBFS, {shown}  {words}"


def bar(dbfs: float, floor_dbfs: float | None) -> str:
    """Return a bar of `BAR_WIDTH` signs from `QUIETEST_DBFS` to full scale, the floor marked."""
    filled = _place(dbfs)
    signs = ["#"] * filled + ["."] * (BAR_WIDTH - filled)
    if floor_dbfs is not None:
        signs[min(_place(floor_dbfs), BAR_WIDTH - 1)] = "|"
    return "".join(signs)


def _place(dbfs: float) -> int:
    share = 1 - dbfs / QUIETEST_DBFS
    return round(BAR_WIDTH * min(max(share, 0.0), 1.0))


def level_dbfs(samples: Samples) -> float:
    """Return the level of samples of shape (n,) in the band that frames are measured in.

    By Parseval's theorem under a Hann window.
    """
    taper = np.hanning(len(samples) + 2)[1:-1]
    spectrum = np.abs(np.fft.rfft((samples - samples.mean()) * taper)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE_HZ)
    low_hz, high_hz = BROADBAND_HZ
    inside = spectrum[(hertz >= low_hz) & (hertz < high_hz)].sum()
    power = 2 * float(inside) / (len(samples) * float(np.square(taper).sum()))
    return max(10 * math.log10(max(power, 1e-12)), QUIETEST_DBFS)
