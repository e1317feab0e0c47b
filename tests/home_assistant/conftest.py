"""A Home Assistant in this process, of its own test harness, that has met the device.

Run by scripts/test_home_assistant in an environment of its own: the harness pins what it needs.
"""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_fire_mqtt_message

from osa_daemon.publish.discovery import discovery_payload, discovery_topic
from osa_daemon.publish.mqtt_settings import MqttSettings

SETTINGS = MqttSettings(
    "localhost",
    version="0.1.0",
    model="0123",
    area="Bedroom",
    computer="Pi",
    serial="42",
    configuration_url="https://192.168.1.5:8321/",
)
BLUEPRINTS = Path(__file__).parents[2] / "config" / "home_assistant" / "blueprints"

TURNS = 200  # of the event loop; the longest chain here takes about 40

Tell = Callable[..., Awaitable[None]]


@pytest.fixture
def tell(hass: HomeAssistant, mqtt_mock: Any) -> Tell:
    """Publish the value of a topic; None is JSON's null, a mapping an object."""

    async def call(suffix: str, payload: Any) -> None:
        text = payload if isinstance(payload, str) else json.dumps(payload)
        async_fire_mqtt_message(hass, SETTINGS.topic(suffix), text)
        await settle()

    return call


async def until(condition: Callable[[], object]) -> None:
    """Wait until `condition()` is true; scenes take a thread's time."""
    for _ in range(1_000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("not seen within 10 s")


async def settle() -> None:
    """Let everything run that can run now; an automation that waits is left waiting."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


@pytest.fixture
async def device(hass: HomeAssistant, tell: Tell) -> None:
    """The device is announced and online, and hears."""
    async_fire_mqtt_message(hass, discovery_topic(SETTINGS), discovery_payload(SETTINGS))
    await hass.async_block_till_done()
    await tell("availability", "online")
    await tell("hearing", "online")


@pytest.fixture
def blueprints(hass: HomeAssistant) -> None:
    """The repository's blueprints lie where Home Assistant looks for them."""
    folder = Path(hass.config.path("blueprints", "automation", "osa_daemon"))
    shutil.copytree(BLUEPRINTS, folder, dirs_exist_ok=True)
