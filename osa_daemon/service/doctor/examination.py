"""The checks in their order, and what they have to know of one another."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from osa_daemon.audio.devices import Device
from osa_daemon.audio.holder import DAEMON
from osa_daemon.audio.listing import list_devices
from osa_daemon.audio.microphone import MicrophoneSource
from osa_daemon.errors import ConfigError, OsaError
from osa_daemon.service.addresses import shut_out
from osa_daemon.service.broker import mqtt_settings
from osa_daemon.service.doctor.account import Account
from osa_daemon.service.doctor.board import (
    available_mb,
    check_heat,
    check_memory,
    check_power,
    temperature,
    throttled,
)
from osa_daemon.service.doctor.broker import Visit, broker_findings, visit_broker
from osa_daemon.service.doctor.checks import (
    LOAD_DEADLINE_S,
    check_models,
    check_secrets,
    check_settings,
    check_versions,
)
from osa_daemon.service.doctor.clock import check_clock, check_time_zone
from osa_daemon.service.doctor.fence import Check, fenced
from osa_daemon.service.doctor.finding import Finding, bad, closed_or_bad, doubtful
from osa_daemon.service.doctor.home_assistant import check_home_assistant
from osa_daemon.service.doctor.microphone import find, find_phone, listen
from osa_daemon.service.doctor.ntfy import check_ntfy
from osa_daemon.service.doctor.page import check_page
from osa_daemon.service.doctor.permissions import check_permissions
from osa_daemon.service.doctor.running import check_published_level
from osa_daemon.service.doctor.service import check_service
from osa_daemon.service.doctor.storage import check_disk, check_journal, check_state_dir
from osa_daemon.service.doctor.unit import Unit, read_unit
from osa_daemon.service.ntfy import ntfy_settings
from osa_daemon.service.secrecy import check_swap
from osa_daemon.settings.load import VARIABLES, Loaded, load
from osa_daemon.settings.model import PHONE

SOUND_REMEDY = "the sound system hangs; restart the sound server, or the machine"
NETWORK_REMEDY = "the network or the broker hangs; look at both"
DISK_REMEDY = "the disk or the SD card hangs; look into `dmesg`"


@dataclass(slots=True)
class Examination:
    """One round of doctor. `loaded` is None where the settings are wrong: `refusal` says how.

    `device` and `visit` are what checks find out for those behind them.
    """

    unit: Unit | None
    loaded: Loaded | None
    refusal: str | None = None
    device: Device | None = None
    visit: Visit | None = None

    @classmethod
    def begin(cls, config: Path | None) -> "Examination":
        """Load `config`, or else the settings that the service has; wrong ones raise nothing."""
        unit = read_unit()
        config = config or (unit.config if unit else None)
        try:
            return cls(unit, load(config, environ={**_credentials(unit), **os.environ}))
        except OsaError as error:
            return cls(unit, None, " ".join(str(error).split()))

    def findings(self) -> Iterator[Finding]:
        """Look at one thing after the other."""
        for check in self._checks():
            yield from fenced(check)

    def _checks(self) -> Iterator[Check]:
        if not self._sees_all():
            text = "run it with sudo: lines below may be of what this user may, not the service."
            yield Check("user", lambda: [doubtful("user", text)])
        yield Check("versions", lambda: [check_versions()])
        if self.loaded is None:
            yield Check("settings", lambda: [bad("settings", self.refusal or "")])
        else:
            yield Check("settings", lambda: [check_settings(self._settings)])
        yield Check("models", lambda: [check_models()], LOAD_DEADLINE_S + 10.0)
        if self.loaded is not None:
            yield from self._by_settings()
        yield Check("clock", lambda: [check_clock()])
        yield Check("time zone", lambda: [check_time_zone()])
        yield Check("temperature", lambda: [check_heat(temperature())])
        yield Check("power", lambda: [check_power(throttled())])
        taken_mb = self.unit.memory_mb if self.unit else None
        yield Check("memory", lambda: [check_memory(available_mb(), taken_mb)])
        config = self.loaded.config_path if self.loaded else None
        yield Check("service", lambda: check_service(self.unit, config))

    def _by_settings(self) -> Iterator[Check]:
        """What the settings say where to look for."""
        journal = self._settings.settings.journal
        yield Check("microphone", self._microphone, 15.0, SOUND_REMEDY)
        yield Check("broker", self._broker, 30.0, NETWORK_REMEDY)
        yield Check("addresses", self._addresses, 30.0, NETWORK_REMEDY)
        if self.device is not None:  # else there is nothing to hear, which is told
            yield Check("level", self._level, 30.0, SOUND_REMEDY)
        yield Check("secrets", lambda: check_secrets(self._settings))
        yield Check("permissions", self._permissions, remedy=DISK_REMEDY)
        yield Check("ntfy", self._ntfy, 30.0, NETWORK_REMEDY)
        yield Check("page", lambda: check_page(self._settings.settings))
        folder = journal.state_dir
        yield Check("state folder", lambda: [check_state_dir(folder, self._account())])
        yield Check("journal", lambda: [check_journal(journal.path)], remedy=DISK_REMEDY)
        yield Check("disk", lambda: check_disk(folder), remedy=DISK_REMEDY)
        yield Check("swap", lambda: [check_swap()])

    @property
    def _settings(self) -> Loaded:
        assert self.loaded is not None
        return self.loaded

    def _sees_all(self) -> bool:
        """Whether this user may look at everything that the service may."""
        account = self._account()
        return os.geteuid() == 0 or account is None or account.uid == os.geteuid()

    def _account(self) -> Account | None:
        """Return the daemon's account: the service's, else that of this user."""
        return Account.of_service(self.unit) if self.unit else Account.current()

    def _microphone(self) -> Iterator[Finding]:
        settings = self._settings.settings
        if settings.microphone.device == PHONE:
            finding, self.device = find_phone(settings)
        else:
            finding, self.device = find(settings.microphone.device, list_devices())
        yield finding

    def _broker(self) -> Iterator[Finding]:
        settings = mqtt_settings(
            self._settings.settings.mqtt, client_id=f"osa_daemon_doctor_{os.getpid()}"
        )
        try:
            self.visit = visit_broker(settings, await_level=self._is_heard)
        except ConfigError as error:
            yield closed_or_bad("broker", error)
            return
        yield from broker_findings(self.visit)
        yield check_home_assistant(self.visit)

    @property
    def _is_heard(self) -> bool:
        """Whether the running daemon has the microphone for itself."""
        return self.device is not None and self.device.held_by == DAEMON

    def _level(self) -> Iterator[Finding]:
        if self._is_heard:
            is_phone = self._settings.settings.microphone.device == PHONE
            yield check_published_level(self.visit, is_phone=is_phone)
            return
        # made here: the capture process dies with the thread that starts it
        source = MicrophoneSource(self._settings.settings.microphone.device)
        try:
            yield listen(source)
        finally:
            source.close()

    def _permissions(self) -> Iterator[Finding]:
        yield from check_permissions(self._settings, self.unit, self._account())

    def _addresses(self) -> Iterator[Finding]:
        sentence = shut_out(self._settings.settings)
        if sentence is not None:
            yield bad("addresses", sentence)

    def _ntfy(self) -> Iterator[Finding]:
        ntfy = ntfy_settings(self._settings.settings)
        if ntfy is not None:
            yield from check_ntfy(ntfy)


def _credentials(unit: Unit | None) -> dict[str, str]:
    """Return where the service has its secrets, as far as this user may read them too."""
    given = unit.environment if unit else {}
    return {
        name: given[name] for name in VARIABLES if name in given and os.access(given[name], os.R_OK)
    }
