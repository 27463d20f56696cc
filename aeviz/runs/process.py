"""Who a process is, and the proof that it no longer lives."""

import hashlib
import os
import platform
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LARGEST_PID = 2**31 - 1


@dataclass(frozen=True)
class Process:
    """One process among all computers that may see a folder.

    Attributes:
        host: Name of its computer.
        machine: A hash that tells computers of one name apart, "" where not known.
        boot: Tells one start of the computer from another, "" where not known.
        namespace: Within which its number counts (containers have their own), "" elsewhere.
        pid: Its number.
        birth: When it started, in the system's own unit, "" where not known; a later process
            with the same number has another.
    """

    host: str
    machine: str
    boot: str
    namespace: str
    pid: int
    birth: str


def this_process() -> Process:
    """The process that calls."""
    pid = os.getpid()
    return Process(*_computer(), pid=pid, birth=birth(pid) or "")


def is_dead(process: Process) -> bool:
    """Whether it is proven that a process has ended; False also where nothing can be proven."""
    host, machine, boot, namespace = _computer()
    if (process.host, process.machine, process.namespace) != (host, machine, namespace):
        return False
    if process.boot != boot:
        return True
    born = birth(process.pid)
    if born is None:
        return True
    return bool(born and process.birth) and born != process.birth


if sys.platform == "win32":  # pragma: no cover
    import ctypes
    from ctypes import wintypes

    _ACCESS_DENIED = 5
    _QUERY_AND_WAIT = 0x1000 | 0x100000

    def birth(pid: int) -> str | None:
        """When a process started; "" when that cannot be told, None when there is none."""
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = wintypes.HANDLE
        handle = kernel.OpenProcess(_QUERY_AND_WAIT, False, pid)
        if not handle:
            return "" if ctypes.get_last_error() == _ACCESS_DENIED else None
        handle = wintypes.HANDLE(handle)
        times = [wintypes.FILETIME() for _ in range(4)]
        try:
            if kernel.WaitForSingleObject(handle, 0) == 0:
                return None  # it has ended, somebody only holds on to its number
            if not kernel.GetProcessTimes(handle, *(ctypes.byref(time) for time in times)):
                return ""
            return f"{times[0].dwHighDateTime << 32 | times[0].dwLowDateTime}"
        finally:
            kernel.CloseHandle(handle)

else:

    def birth(pid: int) -> str | None:
        """When a process started; "" when that cannot be told, None when there is none."""
        try:
            os.kill(pid, 0)  # signal 0 only asks; on Windows it would be Ctrl-C
        except ProcessLookupError:
            return None
        except PermissionError:
            pass  # somebody else's, so it lives
        status = _text(f"/proc/{pid}/stat")
        # The name in parentheses may itself hold parentheses; what follows counts from field 3.
        fields = status.rpartition(")")[2].split()
        if len(fields) < 20:
            return ""
        if fields[0] in "ZX":
            return None  # it has ended, its parent only has not asked for the exit code
        return fields[19]  # field 22, clock ticks since the computer started


@cache
def _computer() -> tuple[str, str, str, str]:
    """Host, machine, boot and namespace of this process."""
    machine = _text("/etc/machine-id") or _text("/var/lib/dbus/machine-id")
    # Its documentation asks to show nobody the number itself.
    hashed = hashlib.sha256(b"aeviz" + machine.encode()).hexdigest()[:16] if machine else ""
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        namespace = ""
    return platform.node(), hashed, _text("/proc/sys/kernel/random/boot_id"), namespace


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
