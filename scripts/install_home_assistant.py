#!/usr/bin/env python3
"""Install a real Home Assistant of one version, for scripts/test_real_home_assistant.

Makes ROOTS/VERSION/hass, a command that runs it in the folder of a configuration: from an
environment of the Python that --python names, or else from a Debian root of its own, for versions
that want a newer Python than there is here (as root: 1.3 GB, a minute or two). What is there
already stays as it is.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# what the tests set up, and what that imports without saying so in its manifest
INTEGRATIONS = (
    *("mqtt", "automation", "blueprint", "script", "template", "notify", "api", "http"),
    *("recorder", "history", "logbook", "frontend", "event", "binary_sensor", "sensor", "select"),
    *("number", "switch", "button", "person", "zone", "system_log", "backup", "analytics", "rest"),
    *("infrared", "radio_frequency", "tts", "camera", "conversation", "assist_pipeline"),
    *("assist_satellite", "ai_task", "image_processing", "hassio", "stt", "media_player"),
)
# these want a C++ compiler and are never called here: enough that they can be imported
STUBS = {
    "pymicro-vad": "class MicroVad:\n    def Process10ms(self, data): return 0.0\n",
    "pyspeex-noise": "class AudioProcessor:\n    def __init__(self, *a): pass\n",
}
SUITES = {"3.13": "trixie", "3.14": "forky"}  # the Debian that has this Python
TRUSTED = Path("/etc/ssl/certs/ca-certificates.crt")

LAUNCHER = """\
#!/bin/bash
# Runs Home Assistant in the folder of a configuration: hass CONFIG
set -eu
config=$(realpath "$1")
exec env -i PATH='{venv}/bin:/usr/bin:/bin' HOME="$config" LANG=C.UTF-8 \\
    '{venv}/bin/hass' -c "$config" --skip-pip
"""
# the mounts lie in a namespace of its own: they end with the process
LAUNCHER_OF_ROOT = """\
#!/bin/bash
# Runs Home Assistant in the folder of a configuration: hass CONFIG (as root)
set -eu
config=$(realpath "$1")
root={root}
export root config
exec unshare --mount --propagation private bash -euc '
    mount --bind /proc "$root/proc"
    mount --bind /dev "$root/dev"
    mount --rbind /sys "$root/sys"
    mount --bind "$config" "$root/config"
    exec chroot "$root" /usr/bin/env -i PATH=/opt/ha/bin:/usr/bin:/bin HOME=/config LANG=C.UTF-8 \\
        /opt/ha/bin/hass -c /config --skip-pip'
"""


def main() -> None:
    """Install, unless it is done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", help="such as 2026.11.0")
    parser.add_argument("--roots", type=Path, required=True, help="folder of the installations")
    parser.add_argument("--python", help="interpreter to make an environment of")
    parser.add_argument("--debian-python", choices=SUITES, default="3.14", help="Debian's Python")
    args = parser.parse_args()
    place = args.roots.resolve() / args.version
    if (place / "hass").exists():
        return
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    tools = args.roots.resolve() / "tools"
    uv = install_uv(tools)
    if args.python:
        launcher = install_environment(place, args.version, uv, args.python)
    else:
        launcher = install_root(place, args.version, uv, args.debian_python)
    unfinished = place / "hass.unfinished"
    unfinished.write_text(launcher)
    unfinished.chmod(0o755)
    unfinished.rename(place / "hass")


def run(*command: object) -> None:
    """Run a command; what it says is shown where it fails."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        sys.exit(f"{said}\ninstall_home_assistant.py: {command[0]} failed; see above.")


def install_uv(tools: Path) -> Path:
    """Return the program uv: it can pass over a pin of Home Assistant's that has no wheel."""
    uv = tools / "bin" / "uv"
    if not uv.exists():
        run(sys.executable, "-m", "venv", tools)
        run(tools / "bin" / "python", "-m", "pip", "install", "-q", "uv")
    return uv


def install_environment(place: Path, version: str, uv: Path, python: str) -> str:
    """Install into an environment of `python`; return the launcher."""
    venv = place / "venv"
    run(uv, "venv", "-q", "--python", python, venv)
    run(uv, "pip", "install", "-q", "--python", venv / "bin/python", "--no-deps",
        f"homeassistant=={version}")  # fmt: skip
    pins = write_pins(place, site_packages(venv), version)
    run(uv, "pip", "install", "-q", "--python", venv / "bin/python", *pins)
    write_stubs(site_packages(venv))
    return LAUNCHER.format(venv=venv)


def install_root(place: Path, version: str, uv: Path, python: str) -> str:
    """Install into a Debian root that has `python`; return the launcher."""
    if os.geteuid() != 0:
        sys.exit(f"install_home_assistant.py: a Debian root for {version} is made by root only.")
    root = place / "root"
    bootstrap(root, SUITES[python])
    for folder in ("config", "pins", "etc/ssl/certs", "usr/local/bin"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    if TRUSTED.exists():
        shutil.copy(TRUSTED, root / TRUSTED.relative_to("/"))
    shutil.copy(uv, root / "usr/local/bin/uv")
    inside(root, "uv", "venv", "-q", "--python", "/usr/bin/python3", "/opt/ha")
    install = ("uv", "pip", "install", "-q", "--python", "/opt/ha/bin/python")
    inside(root, *install, "--no-deps", f"homeassistant=={version}")
    pins = write_pins(root / "pins", site_packages(root / "opt/ha"), version)
    inside(root, *install, *(pin.replace(str(root), "") for pin in pins))
    write_stubs(site_packages(root / "opt/ha"))
    return LAUNCHER_OF_ROOT.format(root=f"'{root}'")


def bootstrap(root: Path, suite: str) -> None:
    """Make the Debian root."""
    known = Path("/usr/share/debootstrap/scripts")
    script = known / (suite if (known / suite).exists() else "sid")
    faster = ["eatmydata"] if shutil.which("eatmydata") else []
    run(*faster, "debootstrap", "--variant=minbase", "--include=python3,ca-certificates", suite,
        root, mirror(), script)  # fmt: skip


def mirror() -> str:
    """Return the archive that this Debian is installed from; empty is debootstrap's own."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return next((uri for uri in listed.stdout.split() if uri.rstrip("/").endswith("/debian")), "")


def inside(root: Path, *command: str) -> None:
    """Run a command in the Debian root."""
    run("unshare", "--mount", "--propagation", "private", "bash", "-euc",
        'mount --bind /proc "$0/proc"; mount --bind /dev "$0/dev"; exec chroot "$@"',
        root, root, "/usr/bin/env", "-i", "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/root",
        f"SSL_CERT_FILE={TRUSTED}", *command)  # fmt: skip


def site_packages(venv: Path) -> Path:
    """Return where the packages of an environment lie."""
    return next((venv / "lib").glob("python3.*/site-packages"))


def write_pins(place: Path, packages: Path, version: str) -> list[str]:
    """Write what to install and in which versions; return uv's arguments."""
    home = packages / "homeassistant"
    needed = sorted(requirements(home / "components"))
    wanted = [f"homeassistant=={version}"]
    wanted += [line for line in needed if re.split(r"[=<>\[]", line)[0].lower() not in STUBS]
    constraints = (home / "package_constraints.txt").read_text().splitlines()
    wanted += [line for line in constraints if line.lower().startswith("numpy==")]
    pins = [line for line in constraints if not line.lower().startswith("lru-dict")]
    if version.startswith(("2024.", "2025.1.", "2025.2.", "2025.3.")):
        pins.append("josepy<2")  # what these versions' cloud package breaks with
    texts = {
        "requirements.txt": wanted,
        "constraints.txt": pins,
        "override.txt": ["lru-dict>=1.3"],  # 1.3.0, which some versions pin, is no wheel on 3.13
    }
    for name, lines in texts.items():
        (place / name).write_text("\n".join(lines) + "\n")
    return ["-r", f"{place}/requirements.txt", "-c", f"{place}/constraints.txt",
            "--override", f"{place}/override.txt"]  # fmt: skip


def requirements(components: Path) -> set[str]:
    """Return what the integrations want, and those that they depend on."""
    found: set[str] = set()
    for manifest in manifests(components):
        found.update(manifest.get("requirements", []))
    return found


def manifests(components: Path) -> Iterator[dict[str, list[str]]]:
    """Yield the manifest of each integration that this version has."""
    seen: set[str] = set()
    waiting = list(INTEGRATIONS)
    while waiting:
        name = waiting.pop()
        path = components / name / "manifest.json"
        if name in seen or not path.exists():
            continue
        seen.add(name)
        manifest = json.loads(path.read_text())
        waiting += manifest.get("dependencies", [])
        yield manifest


def write_stubs(packages: Path) -> None:
    """Write the modules that are only imported."""
    for name, text in STUBS.items():
        (packages / f"{name.replace('-', '_')}.py").write_text(text)


if __name__ == "__main__":
    main()
