"""What is set from Home Assistant: applied, kept, and shown."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from osa_daemon.cli import main
from tests.mosquitto import Mosquitto, Subscriber, wait_for
from tests.real_home_assistant.bed import Bed
from tests.real_home_assistant.home import HomeAssistant

SPEED = 6
SET_BY_S = 100.0  # of the recording: a quarter of a minute of ours
SAME_S = 5.0  # between onsets of one event under two settings


def replayed(sound: Path, sensitivity: str, folder: Path) -> list[dict[str, Any]]:
    """The events of `osa-daemon replay` with a sensitivity."""
    out = folder / f"{sensitivity}.jsonl"
    words = ("replay", str(sound), "--events", str(out), "--sensitivity", sensitivity)
    assert main(list(words)) == 0
    return [json.loads(line) for line in out.read_text().splitlines()]


def length_by_onset(events: list[dict[str, Any]], at_s: float) -> float | None:
    """How long the event is that began about then."""
    found = [event for event in events if abs(event["onset_s"] - at_s) < SAME_S]
    return round(float(found[0]["duration_s"]), 1) if found else None


def test_sensitivity_is_applied_kept_and_shown(
    home: HomeAssistant,
    broker: Mosquitto,
    subscribe: Callable[..., Subscriber],
    make_bed: Callable[[str], Bed],
    data: Path,
    tmp_path: Path,
) -> None:
    """Set to low in Home Assistant, events become those of low, also after a kill."""
    sound = data / "night.ogg"
    low, usual = replayed(sound, "low", tmp_path), replayed(sound, "balanced", tmp_path)
    telling = next(
        event["onset_s"]
        for event in low
        if event["onset_s"] > SET_BY_S
        and length_by_onset(usual, event["onset_s"]) != length_by_onset(low, event["onset_s"])
    )
    bed = make_bed("sensitive")
    subscriber = subscribe(broker.port, bed.topic("#"))
    daemon = bed.start(broker.port, "--source", f"file:{sound}", "--speed", str(SPEED))
    select = bed.id_of("sensitivity")
    wait_for(lambda: home.state(select) == "balanced", 30.0, "the select")
    home.call("select.select_option", select, option="low")
    wait_for(lambda: home.state(select) == "low", 5.0, "low in Home Assistant")
    subscriber.wait_for(lambda: '"sensitivity":"low"' in (subscriber.last("/settings") or ""), 1.0)
    kept = json.loads(bed.command("settings", "--json"))["overrides"]
    assert kept == {"detection.sensitivity": "low"}

    def told() -> list[dict[str, Any]]:
        return [json.loads(text) for text in subscriber.on(bed.topic("event"))]

    assert telling > SET_BY_S
    wait_for(lambda: length_by_onset(told(), telling), 120.0, "the event that tells")
    assert length_by_onset(told(), telling) == length_by_onset(low, telling)

    daemon.end(signal.SIGKILL)
    wait_for(lambda: home.state(select) == "unavailable", 5.0, "unavailable")
    bed.start(broker.port, "--source", f"file:{sound}", "--speed", str(SPEED))
    wait_for(lambda: home.state(select) == "low", 30.0, "low after the restart")


def test_what_is_refused_is_told_and_shown_as_it_is(
    home: HomeAssistant, broker: Mosquitto, make_bed: Callable[[str], Bed], data: Path
) -> None:
    """Listening switched off rests; a test of alerts that are off is a configuration problem."""
    bed = make_bed("resting")
    bed.start(broker.port, "--source", f"file:{data / 'night.ogg'}")
    status, problem = bed.id_of("status"), bed.id_of("configuration_problem")
    wait_for(lambda: home.state(status) == "monitoring", 30.0, "monitoring")
    home.call("switch.turn_off", bed.id_of("monitoring"))
    wait_for(lambda: home.state(status) == "paused", 5.0, "paused")
    wait_for(lambda: home.state(bed.id_of("breathing_pause")) == "unavailable", 1.0, "no hearing")
    home.call("number.set_value", bed.id_of("alert_after"), value=25)
    wait_for(lambda: home.state(bed.id_of("alert_after")) == "25", 5.0, "25 s")
    home.call("switch.turn_off", bed.id_of("alerts"))
    home.call("button.press", bed.id_of("test_alert"))
    wait_for(lambda: home.state(problem) == "on", 5.0, "the problem")
    assert "switched off" in home.states()[problem]["attributes"]["text"]
    home.call("switch.turn_on", bed.id_of("monitoring"))
    wait_for(lambda: home.state(status) == "monitoring", 5.0, "monitoring again")
