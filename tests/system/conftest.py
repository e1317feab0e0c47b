"""Real parts for the system tests."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.system.booted import BootedMachine, CannotBootError
from tests.system.installed import Upgrade, has_earlier, install, upgrade
from tests.system.listener import Listener


def _neighbour(name: str) -> ModuleType:
    """Import a module that lies beside this file: test folders are no packages."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def sound_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A `SoundServer` with a virtual microphone `osamic`; the environment leads to it."""
    module = _neighbour("soundserver")
    lack = module.missing()
    if lack is not None:
        pytest.skip(f"no virtual microphone: {lack}")
    server = module.SoundServer(tmp_path / "sound")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def listen() -> Iterator[Callable[[str], Listener]]:
    """Open microphones that are closed in the end."""
    open_ones: list[Listener] = []

    def start(device: str) -> Listener:
        open_ones.append(Listener(device))
        return open_ones[-1]

    yield start
    for listener in open_ones:
        listener.close()


@pytest.fixture(scope="session")
def upgraded(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[BootedMachine, Upgrade | None]]:
    """A machine with this checkout installed, over an earlier version where there is one."""
    try:
        booted = BootedMachine(tmp_path_factory.mktemp("machine"))
    except CannotBootError as reason:
        pytest.skip(str(reason))
    try:
        if has_earlier(booted):
            yield booted, upgrade(booted, tmp_path_factory.mktemp("broker"))
        else:
            install(booted)
            yield booted, None
    finally:
        booted.stop()


@pytest.fixture(scope="session")
def machine(upgraded: tuple[BootedMachine, Upgrade | None]) -> BootedMachine:
    """The machine; whoever changes it, leaves it as it was."""
    return upgraded[0]
