"""What a daemon would tell in a quiet hour: its states, and the sound of a second."""

import math
import random
from datetime import datetime, timedelta
from typing import Any

from osa_daemon.publish import payloads
from osa_daemon.scoring.event import Alert, AlertLevel
from tests.web.fake_nights import NOW, FakeNight, iso

VERSION, MODEL = "0.1.0", "0123456789ab"
EVENING = NOW.replace(hour=22, minute=30) - timedelta(days=1)


def calm_states(tonight: FakeNight) -> dict[str, Any]:
    """Return every state of a night in which breathing is heard."""
    figures = tonight.figures
    night = {"v": 1} | {key: value for key, value in figures.items() if key not in _ONLY_LISTED}
    return {
        "status": status("monitoring"),
        "hearing": "online",
        "apnea": "OFF",
        "breathing_audible": "ON",
        "alert": payloads.alert_payload(None, None),
        "night/current": night,
        "last_event": {**tonight.events[-1], "durable": True},
        "breathing": payloads.breathing_payload(14.2, is_snoring=False),
        "diagnostics": payloads.diagnostics_payload(
            cpu_share=0.06,
            memory_mb=142,
            overruns=0,
            outbox=0,
            temperature_c=48,
            throttled="no",
            model_version=MODEL,
            events_last_hour=4,
            average_14_nights=7.1,
        ),
        "problem/microphone": payloads.problem_payload(None),
        "problem/configuration": payloads.problem_payload(None),
        "problem/storage": payloads.problem_payload(None),
    }


_ONLY_LISTED = ("interval", "listened_s", "gap_s")


def status(state: payloads.DaemonState, reason: str | None = None) -> payloads.Payload:
    """Return the payload of the topic `status`."""
    return payloads.status_payload(state, EVENING, reason, VERSION, MODEL)


def raised(since: datetime, text: str = "No breathing sound for 30 s.") -> payloads.Payload:
    """Return the payload of an alert that stands."""
    alert = Alert(active=True, level=AlertLevel.ALERT, kind="apnea", since_s=0.0, text=text)
    return payloads.alert_payload(alert, since)


def sound(second: int, at: datetime, pause_s: float | None, *, audible: bool = True) -> Any:
    """Return the line of one second; breaths come every 4.3 s, and none in a pause."""
    chance = random.Random(second)
    breathes = audible and pause_s is None
    breath = max(0.0, math.sin(second * math.tau / 4.3)) * breathes
    if pause_s is not None:
        hears = "A pause in breathing"
    elif not breathes:
        hears = "Breathing cannot be heard"
    else:
        hears = "Breathing" if breath > 0.5 else "Quiet, in which breathing could be heard"
    return {
        "at": iso(at),
        "level_dbfs": round(-60 + 16 * breath + chance.gauss(0, 0.7), 1),
        "noise_dbfs": round(-62 + chance.gauss(0, 0.2), 1),
        "breath": round(breath * 0.95, 2),
        "audible": audible,
        "progress": "OFF" if pause_s is None else "ON" if pause_s >= 10 else "OFF",
        "pause_s": pause_s,
        "hears": hears,
    }
