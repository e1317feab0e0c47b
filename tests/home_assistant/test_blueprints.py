"""The blueprints, run by Home Assistant on what the daemon sends."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    async_fire_time_changed,
    async_mock_service,
)

from osa_daemon.publish import payloads
from osa_daemon.publish.payloads import TEST_TEXT
from osa_daemon.scoring.event import Alert, AlertLevel
from tests.home_assistant.conftest import Tell, settle, until
from tests.home_assistant.test_device import DIAGNOSTICS, IDS, NIGHT, NOW

pytestmark = pytest.mark.usefixtures("device", "blueprints")
TAKE_NOTE, PUT_OFF = "OSA_NOTE_", "OSA_OFF_"


async def automate(hass: HomeAssistant, name: str, **inputs: Any) -> None:
    """Set an automation up from a blueprint."""
    config = {"use_blueprint": {"path": f"osa_daemon/{name}.yaml", "input": inputs}}
    assert await async_setup_component(
        hass, "automation", {"automation": {"alias": name, **config}}
    )
    await hass.async_block_till_done()
    found = hass.states.get(f"automation.{name}")
    assert found is not None
    assert found.state == "on", "the blueprint is not valid"


async def tell_phone(hass: HomeAssistant, **more: Any) -> list[ServiceCall]:
    """Set up `tell_a_phone` with a phone that only notes what it is sent, and a second one."""
    calls = async_mock_service(hass, "notify", "mobile_app_one")
    async_mock_service(hass, "notify", "mobile_app_two")
    await automate(
        hass,
        "tell_a_phone",
        alert=IDS["alert"],
        acknowledge=IDS["acknowledge"],
        phone="notify.mobile_app_one",
        **more,
    )
    return calls


def alert(level: AlertLevel = AlertLevel.ALERT, *, active: bool = True, **more: Any) -> Any:
    """An alert as the daemon tells it."""
    return payloads.alert_payload(Alert(active, level, "apnea", 0.0, "No sound.", **more), NOW)


async def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """Let time pass for what waits."""
    freezer.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass, dt_util.utcnow())
    await settle()


async def press(hass: HomeAssistant, call: ServiceCall, what: str) -> None:
    """Somebody presses a button of the message on the phone."""
    (action,) = [a["action"] for a in call.data["data"]["actions"] if a["action"].startswith(what)]
    hass.bus.async_fire("mobile_app_notification_action", {"action": action})
    await settle()


def messages(calls: list[ServiceCall]) -> list[str]:
    """What the phone was sent, without what takes messages off it."""
    return [call.data["message"] for call in calls if call.data["message"] != "clear_notification"]


async def test_an_alert_gets_through_to_the_phone_and_goes_again(hass: HomeAssistant, tell: Tell):
    """Critical on both systems, without a health condition; taken off when it is over."""
    await tell("alert", payloads.alert_payload(None, None))
    calls = await tell_phone(hass)
    await tell("alert", alert())
    (call,) = calls
    assert call.data["message"].strip() == "Please look in."
    data = call.data["data"]
    assert (data["ttl"], data["priority"], data["channel"]) == (0, "high", "alarm_stream")
    assert data["push"]["sound"]["critical"] == 1
    assert len(data["actions"]) <= 3, "Android shows three"
    await tell("alert", alert(active=False))
    assert calls[-1].data["message"] == "clear_notification"
    assert calls[-1].data["data"]["tag"] == data["tag"]
    assert len(calls) == 2


async def test_a_notice_makes_no_sound(hass: HomeAssistant, tell: Tell):
    """What is not raised reaches no phone."""
    await tell("alert", payloads.alert_payload(None, None))
    calls = await tell_phone(hass)
    await tell("alert", alert(AlertLevel.NOTICE, active=False))
    assert calls == []


async def test_taking_note_acknowledges(hass: HomeAssistant, tell: Tell, mqtt_mock: Any):
    """The message's button presses the device's; the next alert is told again."""
    await tell("alert", payloads.alert_payload(None, None))
    calls = await tell_phone(hass)
    await tell("alert", alert())
    await press(hass, calls[0], TAKE_NOTE)
    sent = [call.args[:2] for call in mqtt_mock.async_publish.call_args_list]
    assert ("osa_daemon/bedside/set/acknowledge", "PRESS") in sent
    await tell("alert", alert(active=False, acknowledged=True))
    await settle()
    await tell("alert", alert())
    assert len(messages(calls)) == 2


async def test_put_off_it_rests(hass: HomeAssistant, tell: Tell, freezer: FrozenDateTimeFactory):
    """No message for the time that was asked for; an alert that stands at its end is told."""
    await tell("alert", payloads.alert_payload(None, None))
    calls = await tell_phone(hass, snooze_minutes=30)
    await tell("alert", alert())
    await press(hass, calls[0], PUT_OFF)
    await tell("alert", alert(active=False, acknowledged=True))
    assert calls[-1].data["message"] == "clear_notification"
    await tell("alert", alert())
    assert len(messages(calls)) == 1
    await pass_time(hass, freezer, 31 * 60)
    assert len(messages(calls)) == 2
    await tell("alert", alert(active=False))
    assert len(messages(calls)) == 2


async def test_who_does_not_react_is_helped(
    hass: HomeAssistant, tell: Tell, freezer: FrozenDateTimeFactory
):
    """After some minutes the second phone is told, too; both know when it is over."""
    await tell("alert", payloads.alert_payload(None, None))
    first = await tell_phone(hass, second_phone="notify.mobile_app_two", escalate_minutes=2)
    second = async_mock_service(hass, "notify", "mobile_app_two")
    await tell("alert", alert())
    assert (len(first), len(second)) == (1, 0)
    await pass_time(hass, freezer, 121)
    assert (len(first), len(second)) == (1, 1)
    await tell("alert", alert(active=False))
    assert first[-1].data["message"] == second[-1].data["message"] == "clear_notification"


@pytest.mark.parametrize("from_the_beginning", [True, False])
async def test_what_is_urgent_is_told_to_both_at_once(
    hass: HomeAssistant, tell: Tell, *, from_the_beginning: bool
):
    """Whether it becomes urgent or was raised as that: nobody waits for the first phone."""
    await tell("alert", payloads.alert_payload(None, None))
    first = await tell_phone(hass, second_phone="notify.mobile_app_two", escalate_minutes=30)
    second = async_mock_service(hass, "notify", "mobile_app_two")
    if not from_the_beginning:
        await tell("alert", alert())
        assert (len(first), len(second)) == (1, 0)
    await tell("alert", alert(AlertLevel.URGENT))
    assert len(first) == (1 if from_the_beginning else 2)
    assert len(second) == 1


async def test_a_phone_that_is_gone_keeps_nobody_from_knowing(
    hass: HomeAssistant, tell: Tell, freezer: FrozenDateTimeFactory
):
    """The second one is told all the same, and when it is over."""
    await tell("alert", payloads.alert_payload(None, None))
    await tell_phone(hass, second_phone="notify.mobile_app_two", escalate_minutes=2)
    hass.services.async_remove("notify", "mobile_app_one")
    second = async_mock_service(hass, "notify", "mobile_app_two")
    await tell("alert", alert())
    await pass_time(hass, freezer, 121)
    await tell("alert", alert(active=False))
    assert [call.data["message"] for call in second] == ["Please look in.", "clear_notification"]


async def test_an_alert_that_nobody_takes_note_of_stays_on_the_phone(
    hass: HomeAssistant, tell: Tell, freezer: FrozenDateTimeFactory
):
    """The message goes when the alert does, however long that takes; also with the daemon."""
    await tell("alert", payloads.alert_payload(None, None))
    calls = await tell_phone(hass)
    await tell("alert", alert())
    await pass_time(hass, freezer, 3600)
    assert len(calls) == 1
    await tell("availability", "offline")
    assert calls[-1].data["message"] == "clear_notification"


async def test_a_test_says_that_it_is_one(hass: HomeAssistant, tell: Tell):
    """The button *Test alert* reaches the phone as an alert does, in the daemon's words."""
    await tell("alert", payloads.alert_payload(None, None))
    calls = await tell_phone(hass)
    test = Alert(True, AlertLevel.ALERT, "technical", 0.0, "This is a test.")
    await tell("alert", payloads.alert_payload(test, NOW))
    assert messages(calls) == ["This is a test."]


@pytest.mark.parametrize("urgent_only", [False, True])
async def test_a_light_goes_on_and_off_again(
    hass: HomeAssistant, tell: Tell, freezer: FrozenDateTimeFactory, *, urgent_only: bool
):
    """On with the alert, off when breath is heard or it lasts too long; one that was on stays."""
    names = {"night": {"name": "Night"}, "hall": {"name": "Hall", "initial": True}}
    assert await async_setup_component(hass, "input_boolean", {"input_boolean": names})
    assert await async_setup_component(hass, "homeassistant", {})
    await tell("alert", payloads.alert_payload(None, None))
    lamps = ["input_boolean.night", "input_boolean.hall"]  # stand for lights
    inputs = {"alert": IDS["alert"], "what": lamps, "urgent_only": urgent_only}
    await automate(hass, "light_or_shaker", longest_minutes=10, **inputs)

    def shine() -> list[str]:
        return [found.state for lamp in lamps if (found := hass.states.get(lamp)) is not None]

    await tell("alert", alert())
    if urgent_only:
        assert shine() == ["off", "on"]
        await tell("alert", alert(AlertLevel.URGENT))
    await until(lambda: shine() == ["on", "on"])
    await tell("alert", alert(active=False))
    await until(lambda: shine() == ["off", "on"])
    await tell("alert", alert())
    await tell("alert", alert(AlertLevel.URGENT))
    await until(lambda: shine() == ["on", "on"])
    await pass_time(hass, freezer, 601)
    await until(lambda: shine() == ["off", "on"])


@pytest.mark.parametrize(
    ("text", "also_other", "lit"),
    [
        ("No microphone is connected.", False, False),
        ("No microphone is connected.", True, True),
        (TEST_TEXT, False, True),
    ],
)
async def test_a_failing_microphone_switches_a_light_only_where_asked(
    hass: HomeAssistant, tell: Tell, text: str, *, also_other: bool, lit: bool
):
    """What is for the sleeper's breathing need not light up for a plug that fell out."""
    assert await async_setup_component(hass, "input_boolean", {"input_boolean": {"night": {}}})
    assert await async_setup_component(hass, "homeassistant", {})
    await tell("alert", payloads.alert_payload(None, None))
    inputs = {
        "alert": IDS["alert"],
        "what": ["input_boolean.night"],
        "urgent_only": text == TEST_TEXT,
    }
    await automate(hass, "light_or_shaker", also_other=also_other, **inputs)
    raised = Alert(True, AlertLevel.ALERT, "technical", 0.0, text)
    await tell("alert", payloads.alert_payload(raised, NOW))
    await settle()
    found = hass.states.get("input_boolean.night")
    assert found is not None
    assert found.state == ("on" if lit else "off")
    await tell("alert", payloads.alert_payload(None, None))
    await settle()


async def test_a_light_is_left_alone_when_the_alert_becomes_known_again(
    hass: HomeAssistant, tell: Tell
):
    """After a restart of Home Assistant nobody knows what was on before."""
    names = {"night": {"name": "Night"}}
    assert await async_setup_component(hass, "input_boolean", {"input_boolean": names})
    assert await async_setup_component(hass, "homeassistant", {})
    await automate(hass, "light_or_shaker", alert=IDS["alert"], what=["input_boolean.night"])
    await tell("alert", alert())
    found = hass.states.get("input_boolean.night")
    assert found is not None
    assert found.state == "off"


async def fail(tell: Tell, text: str | None):
    """Tell as the daemon does that the microphone fails, or with None that it is heard."""
    state: Any = "monitoring" if text is None else "no_microphone"
    await tell("status", payloads.status_payload(state, NOW, text, "0", None))
    await tell("problem/microphone", payloads.problem_payload(text))


async def test_a_microphone_that_is_heard_badly_wakes_nobody_until_it_fails(
    hass: HomeAssistant, tell: Tell, freezer: FrozenDateTimeFactory
):
    """A hum is for the dashboard; a failure after it is told all the same, once."""
    zone = dt_util.get_default_time_zone()
    freezer.move_to(datetime(2026, 3, 1, 23, 0, tzinfo=zone))
    await fail(tell, None)
    calls = async_mock_service(hass, "notify", "mobile_app_one")
    await automate(
        hass, "it_does_not_listen", status=IDS["status"], phone="notify.mobile_app_one",
        problems=[IDS["microphone_problem"], IDS["storage_problem"]],
    )  # fmt: skip
    await tell("problem/microphone", payloads.problem_payload("It hums."))
    await pass_time(hass, freezer, 61)
    assert calls == []
    await fail(tell, "It is gone.")
    await pass_time(hass, freezer, 61)
    assert [call.data["message"] for call in calls] == ["It is gone."]
    await fail(tell, None)
    await tell("problem/microphone", payloads.problem_payload("It hums."))
    await tell("problem/storage", payloads.problem_payload("The disk is full."))
    await pass_time(hass, freezer, 61)
    assert [call.data["message"] for call in calls] == ["It is gone.", "The disk is full."]


@pytest.mark.parametrize("through", [None, True, False])
async def test_a_microphone_that_fails_is_told(
    hass: HomeAssistant, tell: Tell, freezer: FrozenDateTimeFactory, *, through: bool | None
):
    """In the night, with the reason; by day nobody is told; what failed before, in the evening."""
    zone = dt_util.get_default_time_zone()
    freezer.move_to(datetime(2026, 3, 1, 12, 0, tzinfo=zone))
    await tell("status", payloads.status_payload("monitoring", NOW, None, "0", None))
    await tell("problem/microphone", payloads.problem_payload(None))
    calls = async_mock_service(hass, "notify", "mobile_app_one")
    inputs: dict[str, Any] = {"status": IDS["status"], "problems": [IDS["microphone_problem"]],
              "phone": "notify.mobile_app_one"}  # fmt: skip
    if through is not None:  # else as it is by default
        inputs["through"] = through
    await automate(hass, "it_does_not_listen", **inputs)
    await fail(tell, "It is gone.")
    await pass_time(hass, freezer, 61)
    assert calls == []
    freezer.move_to(datetime(2026, 3, 1, 20, 59, 58, tzinfo=zone))
    await pass_time(hass, freezer, 3)
    assert [call.data["message"] for call in calls] == ["It is gone."]
    await fail(tell, None)
    await fail(tell, "Again.")
    await pass_time(hass, freezer, 61)
    assert [call.data["message"] for call in calls] == ["It is gone.", "Again."]
    await fail(tell, None)
    await tell("availability", "offline")
    await pass_time(hass, freezer, 301)
    assert calls[-1].data["message"] == "The bedside daemon does not answer."
    is_loud = {call.data["data"].get("priority") == "high" for call in calls}
    assert is_loud == {through is not False}


@pytest.mark.parametrize(
    ("hours", "index", "words"),
    [(7.0, 3.5, "about 3.5 an hour"), (1.2, None, "for only 1.2 h: move the microphone")],
)
async def test_the_summary_says_what_to_move(
    hass: HomeAssistant,
    tell: Tell,
    freezer: FrozenDateTimeFactory,
    hours: float,
    index: float | None,
    words: str,
):
    """A night of which few hours were heard says so, and what to do."""
    zone = dt_util.get_default_time_zone()
    freezer.move_to(datetime(2026, 3, 1, 8, 59, 58, tzinfo=zone))
    await tell("diagnostics", DIAGNOSTICS)
    await tell("night/current", NIGHT | {"monitorable_s": 3600 * hours, "index": index})
    calls = async_mock_service(hass, "notify", "mobile_app_one")
    names = {"events": "events_tonight", "index": "index_tonight", "heard": "heard_tonight"}
    inputs = {name: IDS[key] for name, key in names.items()}
    await automate(hass, "summary_of_the_night", phone="notify.mobile_app_one", **inputs)
    await pass_time(hass, freezer, 3)
    (call,) = calls
    assert words in " ".join(call.data["message"].split())
    assert ("move the microphone" in call.data["message"]) is (hours < 4)
