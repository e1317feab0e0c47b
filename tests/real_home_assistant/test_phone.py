"""The blueprint that tells a phone, in a Home Assistant that runs it."""

from collections.abc import Callable
from pathlib import Path

from tests.mosquitto import Mosquitto, wait_for
from tests.real_home_assistant.bed import Bed
from tests.real_home_assistant.home import HomeAssistant
from tests.real_home_assistant.phone import Phone

TAG = "osa_binary_sensor.told_alert"


def test_the_blueprint_tells_the_phone_of_an_alert_and_takes_it_back(
    home: HomeAssistant,
    broker: Mosquitto,
    phone: Phone,
    make_bed: Callable[[str], Bed],
    data: Path,
) -> None:
    """A pause is told by a message that gets through, taken off the phone once it is over.

    Then, with a test alert: *I look in* on the message acknowledges the alert.
    """
    bed = make_bed("told")
    daemon = bed.start(broker.port, "--source", f"file:{data / 'short.ogg'}", "--speed", "2")
    wait_for(lambda: len(phone.messages) >= 2, 90.0, "a message and its end")
    told, over = phone.messages[:2]
    assert (told["title"], told["message"]) == ("Bedroom", "Please look in.")
    assert told["data"]["tag"] == TAG
    assert told["data"]["priority"] == "high"
    assert told["data"]["push"]["sound"]["critical"] == 1
    assert (over["message"], over["data"]) == ("clear_notification", {"tag": TAG})

    home.call("button.press", bed.id_of("test_alert"))
    wait_for(lambda: len(phone.messages) >= 3, 5.0, "the test on the phone")
    assert phone.messages[2]["message"] == "This is a test."
    look_in = phone.messages[2]["data"]["actions"][0]["action"]
    home.post("/api/events/mobile_app_notification_action", {"action": look_in})
    wait_for(lambda: home.state(bed.id_of("alert")) == "off", 5.0, "the end of the alert")
    attributes = home.states()[bed.id_of("alert")]["attributes"]
    assert attributes["acknowledged"] is True
    wait_for(lambda: len(phone.messages) >= 4, 5.0, "the message taken off")
    assert phone.messages[3]["message"] == "clear_notification"
    assert daemon.end() == 0, daemon.log.read_text()
    assert len(phone.messages) == 4
