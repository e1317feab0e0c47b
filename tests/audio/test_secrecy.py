"""What keeps sound in memory: no core file, no reading by others, no swap."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from osa_daemon.audio.ring import RingMemory
from osa_daemon.audio.secrecy import swap_on_disk

NOBODY = 65534
RING_FRAMES = 1 << 20
# as a user of its own where root runs the tests; a change of user makes a process undumpable
VICTIM = f"""
import ctypes, os, resource, sys
from osa_daemon import process
most = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (most, most))
if os.geteuid() == 0 and "core" not in sys.argv:
    os.setgroups([])
    os.setgid({NOBODY})
    os.setuid({NOBODY})
ctypes.CDLL(None).prctl(process.PR_SET_DUMPABLE, 1, 0, 0, 0)
if "secret" in sys.argv:
    assert process.forbid_dumps()
    os.listdir("/proc/self/fd")  # its own files are still its own
    open("/proc/self/maps").close()
print("ready", flush=True)
sys.stdin.read()
"""
READER = f"""
import os, sys
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid({NOBODY})
    os.setuid({NOBODY})
for name in sys.argv[2:]:
    try:
        os.close(os.open(f"/proc/{{sys.argv[1]}}/{{name}}", os.O_RDONLY))
        print("open", end=" ")
    except PermissionError:
        print("refused", end=" ")
"""
LOCKER = """
import re, sys
from pathlib import Path
from osa_daemon.audio import secrecy
locked = secrecy.lock_memory()
held = bytearray(50_000_000)  # what comes later is locked too, or must at least not fail
status = Path("/proc/self/status").read_text()
print(locked, *(int(re.search(rf"{name}:\\s+(\\d+)", status)[1]) for name in ("VmSize", "VmLck")))
"""


def victim(*words: str, folder: Path) -> subprocess.Popen[str]:
    """A process that waits, dumpable or not."""
    process = subprocess.Popen(
        [sys.executable, "-c", VICTIM, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def opened(process: subprocess.Popen[str], *names: str) -> list[str]:
    """Whether another process of the same user may open these files of it in /proc."""
    command = [sys.executable, "-c", READER, str(process.pid), *names]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()


def close(process: subprocess.Popen[str]) -> None:
    """End it and its pipes."""
    process.kill()
    process.communicate()


def test_not_even_its_own_user_reads_its_memory(tmp_path: Path) -> None:
    """Memory, map and environment are refused to another process; without, some are not."""
    secret, plain = victim("secret", folder=tmp_path), victim(folder=tmp_path)
    try:
        assert opened(plain, "environ", "fd") == ["open", "open"]
        assert opened(secret, "mem", "environ", "fd") == ["refused"] * 3
    finally:
        close(secret)
        close(plain)


def test_a_process_that_is_killed_leaves_no_core_file(tmp_path: Path) -> None:
    """SIGABRT, as of systemd's watchdog, with no limit on cores; without, there is one."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if "/" in pattern or pattern.startswith("|"):
        pytest.skip(f"cores do not go to the working folder here ({pattern})")
    left = {}
    for word in ("plain", "secret"):
        folder = tmp_path / word
        folder.mkdir()
        process = victim(word, "core", folder=folder)
        process.send_signal(signal.SIGABRT)
        process.communicate()
        assert process.returncode == -signal.SIGABRT
        left[word] = len(list(folder.iterdir()))
    if not left["plain"]:
        pytest.skip("this machine writes no core files at all")
    assert left == {"plain": 1, "secret": 0}


def test_the_ring_is_locked_and_in_no_dump(tmp_path: Path) -> None:
    """The kernel says so of its map: `lo` locked, `dd` not dumped (proc_pid_smaps(5))."""
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    if os.geteuid() != 0 and limit != resource.RLIM_INFINITY and limit < 5 << 20:
        pytest.skip(f"this user may lock {limit} bytes only")
    with RingMemory.create(RING_FRAMES) as memory:
        assert memory.is_locked
        smaps = Path("/proc/self/smaps").read_text()
        ours = f" {os.fstat(memory.fd).st_ino} "
        (entry,) = [part for part in smaps.split("VmFlags:") if ours in part and "osa-ring" in part]
        flags = smaps[smaps.index(entry) + len(entry) :].splitlines()[0].split()
    assert {"lo", "dd"} <= set(flags)


def test_all_memory_is_locked_or_none_where_that_could_fail(tmp_path: Path) -> None:
    """Where there is a limit, nothing is locked that makes a later allocation fail."""
    for limited in (False, True):
        drop = "import os; os.setuid(65534)\n" if limited and os.geteuid() == 0 else ""
        limit = "import resource as r; r.setrlimit(r.RLIMIT_MEMLOCK, (1 << 20, 1 << 20))\n"
        program = (limit if limited else "") + LOCKER.replace("locked = ", f"{drop}locked = ")
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
        )
        locked, size_kb, locked_kb = done.stdout.split()
        if limited:
            assert (locked, locked_kb) == ("False", "0")
        elif locked == "True":
            assert int(locked_kb) >= 0.9 * int(size_kb)
        else:
            assert os.geteuid() != 0


def test_swap_in_memory_is_no_disk(tmp_path: Path) -> None:
    """Compressed memory is left out unless a disk is behind it; a file or partition is named."""
    assert swap_on_disk(tmp_path) == ()
    (tmp_path / "proc").mkdir()
    swaps, backing = tmp_path / "proc/swaps", tmp_path / "sys/block/zram0/backing_dev"
    head = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
    swaps.write_text(head)
    assert swap_on_disk(tmp_path) == ()
    swaps.write_text(f"{head}/dev/zram0 partition 1 0 100\n/var/swap file 524272 0 -2\n")
    assert swap_on_disk(tmp_path) == ("/var/swap",)
    backing.parent.mkdir(parents=True)
    backing.write_text("none\n")
    assert swap_on_disk(tmp_path) == ("/var/swap",)
    backing.write_text("/dev/loop0\n")
    assert swap_on_disk(tmp_path) == ("/dev/zram0", "/var/swap")
