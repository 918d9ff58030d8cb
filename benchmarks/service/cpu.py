"""Whose CPU it was: seconds that a process and its descendants have used, from /proc."""

import os
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def tree_of(pid: int) -> list[int]:
    """List a process and its living descendants."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (stat := _stat(int(folder.name))) is not None:
            children.setdefault(int(stat[1]), []).append(int(folder.name))
    tree = [pid]
    for each in tree:
        tree.extend(children.get(each, []))
    return tree


def cpu_seconds(pid: int) -> float:
    """Return user and system seconds of a process, its living descendants and those it has waited for."""
    ticks = 0
    for each in tree_of(pid):
        if (stat := _stat(each)) is not None:
            # utime, stime, cutime, cstime: fields 14 to 17 of proc(5), the state being field 3.
            ticks += sum(map(int, stat[11:15]))
    return ticks / _TICKS_PER_SECOND


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text[text.rindex(")") + 2 :].split()  # the name before may hold blanks
