"""The figures of a soak, in lines and in a verdict."""

from dataclasses import asdict, dataclass

from osa_daemon.service.doctor.board import HOT_C
from osa_daemon.service.doctor.finding import Verdict
from osa_daemon.service.doctor.machine import Machine

BUSY_SHARE = 0.5  # of a core in the chain: what is left must do for the rest of the machine
LATE_S = 5.0  # from a sound to its passing the chain: that much later comes every alert
LOST_SHARE = 0.01
DRIFT_PPM = 1000.0  # a crystal is off by 100 at most; a rate that is converted badly by more
GROWTH_MB = 20.0
SETTLED_S = 600.0  # memory may grow until then
SHORT_S = 60.0


@dataclass(frozen=True, slots=True)
class SoakReport:
    """What was measured; None: not known here.

    `cpu_per_audio_s`: of this process and the capture, per second of sound. `block_ms_…`: time
    that one block of sound takes in the chain. `real_time_factor`: time in the chain per second
    of sound. `delay_s_max`: from a sample's recording to its having passed. `lost_s` of sound,
    `overruns` how often the device told so, `gaps` how often a jump was seen. `throttled`: what
    held the processor back, "" for nothing. `load`: average of the last minute.
    """

    machine: Machine
    device: str | None
    wall_s: float
    audio_s: float
    cpu_per_audio_s: float
    block_ms_p50: float
    block_ms_p95: float
    block_ms_max: float
    real_time_factor: float
    delay_s_max: float | None
    overruns: int
    gaps: int
    lost_s: float
    rate_hz: float | None
    nominal_hz: int | None
    memory_mb_start: float | None
    memory_mb_end: float | None
    memory_mb_peak: float
    temperature_c_min: float | None
    temperature_c_max: float | None
    load: float
    throttled: str | None

    @property
    def drift_ppm(self) -> float | None:
        """How much faster the device's clock runs than it says, in parts per million."""
        if self.rate_hz is None or self.nominal_hz is None:
            return None
        return 1e6 * (self.rate_hz / self.nominal_hz - 1)

    def fields(self) -> dict[str, object]:
        """Return the figures as they stand in JSON."""
        rounded = {
            key: round(value, 4) if isinstance(value, float) else value
            for key, value in asdict(self).items()
        }
        drift = self.drift_ppm
        return {"v": 1, **rounded, "drift_ppm": None if drift is None else round(drift, 1)}


def lines_of(report: SoakReport) -> list[str]:
    """Return the report as lines, the verdict last."""
    verdict, sentence = verdict_of(report)
    rows = (
        ("machine", report.machine.sentence),
        ("microphone", report.device or "?"),
        ("heard", f"{report.audio_s:.1f} s of sound in {report.wall_s:.1f} s"),
        ("CPU", f"{1000 * report.cpu_per_audio_s:.1f} ms per second of sound, capture included"),
        (
            "blocks",
            f"{report.block_ms_p50:.1f} ms (median), {report.block_ms_p95:.1f} ms (95 of 100), "
            f"{report.block_ms_max:.1f} ms (worst)",
        ),
        ("real time", f"{report.real_time_factor:.2%} of it in the chain{_delay(report)}"),
        (
            "lost",
            f"{report.lost_s:.2f} s in {report.gaps} gaps; {report.overruns} overruns",
        ),
        ("rate", _rate(report)),
        ("temperature", _temperature(report)),
        ("power", _power(report)),
        ("memory", _memory(report)),
        ("load", f"{report.load:.1f} in the last minute, this included"),
        (verdict.value, sentence),
    )
    return [f"{name:<12} {text}" for name, text in rows]


def verdict_of(report: SoakReport) -> tuple[Verdict, str]:
    """Say whether this machine does for the daemon, and what stands against it."""
    bad, doubtful = _against(report)
    if bad:
        return Verdict.BAD, f"This machine does not keep up: {'; '.join(bad + doubtful)}."
    if doubtful:
        return Verdict.DOUBTFUL, f"It keeps up, with a but: {'; '.join(doubtful)}."
    return (
        Verdict.GOOD,
        f"It keeps up: {report.cpu_per_audio_s:.1%} of a core, and nothing was lost.",
    )


def _against(report: SoakReport) -> tuple[list[str], list[str]]:
    """Return what is bad, and what is doubtful."""
    bad, doubtful = [], []
    if report.real_time_factor >= 1:
        bad.append("the chain takes longer than the sound lasts")
    elif report.real_time_factor >= BUSY_SHARE:
        doubtful.append(f"the chain takes {report.real_time_factor:.0%} of the time")
    if report.delay_s_max is not None and report.delay_s_max >= LATE_S:
        bad.append(f"sound was heard up to {report.delay_s_max:.0f} s late")
    if report.lost_s > LOST_SHARE * max(report.audio_s, 1.0):
        bad.append(f"{report.lost_s:.1f} s of sound were lost")
    elif report.lost_s > 0 or report.overruns:
        doubtful.append(f"{report.lost_s:.2f} s of sound were lost, {report.overruns} overruns")
    if report.throttled:
        doubtful.append(report.throttled)
    elif report.temperature_c_max is not None and report.temperature_c_max >= HOT_C:
        doubtful.append(f"{report.temperature_c_max:.0f} °C: give the board air")
    if report.drift_ppm is not None and abs(report.drift_ppm) > DRIFT_PPM:
        doubtful.append(f"the microphone's rate is off by {report.drift_ppm:.0f} ppm")
    if report.audio_s >= SETTLED_S and _growth_mb(report) > GROWTH_MB:
        doubtful.append(f"memory grew by {_growth_mb(report):.0f} MB")
    if report.audio_s < SHORT_S:
        doubtful.append(f"{report.audio_s:.0f} s are short: give it 10 minutes")
    return bad, doubtful


def _growth_mb(report: SoakReport) -> float:
    return (report.memory_mb_end or 0.0) - (report.memory_mb_start or 0.0)


def _delay(report: SoakReport) -> str:
    if report.delay_s_max is None:
        return ""
    return f"; sound has passed at most {report.delay_s_max:.2f} s after it was recorded"


def _rate(report: SoakReport) -> str:
    if report.rate_hz is None or report.drift_ppm is None:
        return "not measured: it takes a microphone and a minute"
    return f"{report.rate_hz:.1f} Hz measured, {report.drift_ppm:+.0f} ppm"


def _temperature(report: SoakReport) -> str:
    if report.temperature_c_min is None or report.temperature_c_max is None:
        return "no sensor"
    return f"{report.temperature_c_min:.0f} to {report.temperature_c_max:.0f} °C"


def _power(report: SoakReport) -> str:
    if report.throttled is None:
        return "not told by this board"
    return report.throttled or "enough, not slowed down"


def _memory(report: SoakReport) -> str:
    if report.memory_mb_start is None or report.memory_mb_end is None:
        return f"{report.memory_mb_peak:.0f} MB at most"
    return (
        f"{report.memory_mb_start:.0f} MB at the start, {report.memory_mb_end:.0f} MB at the end, "
        f"{report.memory_mb_peak:.0f} MB at most"
    )
