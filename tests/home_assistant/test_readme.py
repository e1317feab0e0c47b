"""The automations that the README shows, run as they stand there."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    async_fire_time_changed,
    async_mock_service,
)

from osa_daemon.publish import payloads
from osa_daemon.scoring.event import Alert, AlertKind, AlertLevel
from tests.home_assistant.conftest import Tell, settle
from tests.home_assistant.test_device import NOW

pytestmark = pytest.mark.usefixtures("device")
README = Path(__file__).resolve().parents[2] / "README.md"


def automations() -> dict[str, Any]:
    """The README's blocks of YAML that are automations, by their alias."""
    blocks = re.findall(r"```yaml\n(alias:.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    return {block["alias"]: block for block in map(yaml.safe_load, blocks)}


async def set_up(hass: HomeAssistant, alias: str) -> list[ServiceCall]:
    """Set an automation up; the phone only notes what it is sent."""
    calls = async_mock_service(hass, "notify", "mobile_app_your_phone")
    assert await async_setup_component(hass, "automation", {"automation": automations()[alias]})
    await hass.async_block_till_done()
    return calls


def told(
    level: AlertLevel, kind: AlertKind = "apnea", *, active: bool = True, text: str = "No sound."
) -> Any:
    """An alert as the daemon tells it."""
    return payloads.alert_payload(Alert(active, level, kind, 0.0, text), NOW)


async def test_an_alert_is_told_once_and_once_more_when_it_is_urgent(
    hass: HomeAssistant, tell: Tell
):
    """What changes beside, such as its sentence, is not told again; a notice is not told."""
    await tell("alert", payloads.alert_payload(None, None))
    calls = await set_up(hass, "Look in on the bedroom")
    for payload in (
        told(AlertLevel.NOTICE, active=False),
        told(AlertLevel.ALERT),
        told(AlertLevel.ALERT, text="Another sentence."),
        told(AlertLevel.ALERT, "cluster"),
        told(AlertLevel.URGENT),
        told(AlertLevel.URGENT, active=False),
    ):
        await tell("alert", payload)
        await settle()
    assert [call.data["message"] for call in calls] == ["Please look in."] * 2
    assert calls[0].data["data"]["push"]["interruption-level"] == "critical"


async def test_a_daemon_that_has_ended_is_told(
    hass: HomeAssistant, tell: Tell, freezer: FrozenDateTimeFactory
):
    """After five minutes, not at each restart."""
    await tell("status", payloads.status_payload("monitoring", NOW, None, "0.1.0", "0123"))
    calls = await set_up(hass, "The bedside daemon has ended")
    await tell("availability", "offline")
    for seconds, count in ((290, 0), (20, 1)):
        freezer.tick(timedelta(seconds=seconds))
        async_fire_time_changed(hass, dt_util.utcnow())
        await settle()
        assert len(calls) == count
