"""A night as Home Assistant shows it: every entity, and a pause while it lasts."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from osa_daemon.publish.entities import Entity
from tests.mosquitto import Mosquitto, wait_for
from tests.real_home_assistant.bed import Bed
from tests.real_home_assistant.home import Changes, HomeAssistant

LATE_S = 2.0  # of the link, of Home Assistant, and of where the recording began


def test_device_and_every_entity_appear_with_a_valid_state(
    home: HomeAssistant, broker: Mosquitto, make_bed: Callable[[str], Bed], data: Path
) -> None:
    """Within a night's first events no entity is unavailable, unknown or of another kind."""
    bed = make_bed("whole")
    bed.has_slept()
    bed.start(broker.port, "--source", f"file:{data / 'night.ogg'}", "--speed", "3")
    wait_for(lambda: home.state(bed.id_of("status")) == "monitoring", 60.0, "monitoring")
    home.call("switch.turn_on", bed.id_of("in_bed"))
    home.call("button.press", bed.id_of("test_alert"))
    home.call("button.press", bed.id_of("acknowledge"))
    home.call("button.press", bed.id_of("delete_clips"))
    wanted = bed.entities()

    def wrong() -> dict[str, str]:
        states = {key: str(state["state"]) for key, state in home.states().items()}
        found = {key: states.get(key, "missing") for key in wanted}
        return {key: state for key, state in found.items() if not is_valid(wanted[key], state)}

    try:
        wait_for(lambda: not wrong(), 150.0, "a valid state of all")
    finally:
        assert wrong() == {}
    device = f"device_id('{bed.id_of('alert')}')"
    assert home.render(f"{{{{ device_attr({device}, 'name') }}}}") == "whole"
    assert home.state(bed.id_of("sensitivity")) in ("low", "balanced", "high")
    of_device = home.render(f"{{{{ device_entities({device}) | join(' ') }}}}").split()
    assert set(wanted) <= set(of_device)


def is_valid(entity: Entity, state: str) -> bool:
    """Whether a state is one of those that this entity may have."""
    if state in ("missing", "unavailable", "unknown", ""):
        return False
    if entity.platform in ("binary_sensor", "switch"):
        return state in ("on", "off")
    if "options" in entity.more:
        return state in entity.more["options"]
    if entity.platform in ("event", "button") or entity.more.get("device_class") == "timestamp":
        return datetime.fromisoformat(state).tzinfo is not None
    if entity.platform == "number" or "unit_of_measurement" in entity.more:
        return float(state) >= 0
    return True


def test_pause_and_alert_turn_on_during_a_pause_and_off_after_it(
    home: HomeAssistant,
    broker: Mosquitto,
    changes: Changes,
    make_bed: Callable[[str], Bed],
    data: Path,
    measured: Callable[[str], None],
) -> None:
    """In real time: on between 10 and 15 s of it, the alert from 30 s on, both off in 5 s."""
    bed = make_bed("pausing")
    daemon = bed.start(broker.port, "--source", f"file:{data / 'short.ogg'}")
    assert daemon.wait(240) == 0, daemon.log.read_text()
    longest = max(bed.decided().values(), key=lambda event: event["duration_s"])
    assert longest["type"] == "apnea"
    assert longest["duration_s"] > 30
    onset, end = (datetime.fromisoformat(longest[key]).timestamp() for key in ("onset", "end"))
    pause = during(changes.of(bed.id_of("breathing_pause")), onset, end)
    alert = during(changes.of(bed.id_of("alert")), onset, end)
    measured(
        f"a pause of {end - onset:.1f} s: in progress at {pause[0]:.1f} s, alert at "
        f"{alert[0]:.1f} s; off {pause[1] - (end - onset):.1f} and "
        f"{alert[1] - (end - onset):.1f} s after its end"
    )
    assert 10 - LATE_S <= pause[0] <= 15 + LATE_S
    assert 30 - LATE_S <= alert[0] <= end - onset + LATE_S
    assert 0 < pause[1] - (end - onset) <= 5 + LATE_S
    assert 0 < alert[1] - (end - onset) <= 5 + LATE_S


def during(changes: list[tuple[float, str]], onset: float, end: float) -> tuple[float, float]:
    """When an entity turned on within a pause, and off after it, in seconds from its onset."""
    turned_on = [at for at, state in changes if state == "on" and onset < at < end + LATE_S]
    assert turned_on, changes
    turned_off = [at for at, state in changes if state == "off" and at > end]
    assert turned_off, changes
    return turned_on[0] - onset, turned_off[0] - onset
