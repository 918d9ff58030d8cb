import io

import pytest

from fulfillment.cli.progress import SECONDS_BETWEEN_LINES, _Lines, show_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_lines_come_now_and_then_with_the_time_left() -> None:
    said = io.StringIO()
    now = 100.0
    lines = _Lines(said, "prices", 40, now=lambda: now)
    lines.advance(5)
    assert said.getvalue() == ""
    now += SECONDS_BETWEEN_LINES
    lines.advance(5, note="gap 1.2 %")
    assert said.getvalue() == "prices: 10 of 40, about 15 s left, gap 1.2 %\n"


def test_the_first_steps_tell_no_time() -> None:
    """They may have compiled for a minute what takes an instant from then on."""
    said = io.StringIO()
    now = 0.0
    lines = _Lines(said, "plan", 129, now=lambda: now)
    now += 20.0
    lines.advance(1)
    assert said.getvalue() == "plan: 1 of 129\n"


def test_work_of_unknown_length_shows_only_its_count() -> None:
    said = io.StringIO()
    now = 0.0
    lines = _Lines(said, "entries", None, now=lambda: now)
    now += SECONDS_BETWEEN_LINES
    lines.advance(1_000)
    assert said.getvalue() == "entries: 1,000\n"


def test_a_terminal_shows_a_live_bar_with_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    screen = Terminal()
    with show_progress(screen, "prices", total=2) as step:
        step.advance(note="gap 1.2 %")
        step.advance()
    assert "left" in screen.getvalue()
    assert "\x1b[" in screen.getvalue()
