"""Ctrl-C that Python or a library swallowed is noted all the same."""

import signal

import pytest

from sim.ctrl_c import noted


def drawn_in_c() -> None:
    """A library that makes its own error of what came within it."""
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        raise ValueError("Invalid bounding box") from None


def test_an_error_after_ctrl_c_is_taken_for_it() -> None:
    """Within another one that notes it, too; and who handled it before does so again."""
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), noted() as outer, noted() as inner:
        drawn_in_c()

    assert outer.came
    assert inner.came
    assert signal.getsignal(signal.SIGINT) is before


def test_an_error_without_ctrl_c_stays_what_it_is() -> None:
    """Also one that comes after a Ctrl-C of before."""
    with pytest.raises(KeyboardInterrupt), noted():
        drawn_in_c()
    with pytest.raises(ZeroDivisionError), noted() as heard:
        1 / 0  # noqa: B018 (it is the error)

    assert not heard.came


def test_ctrl_c_that_is_ignored_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a shell has put a script into the background."""
    monkeypatch.setattr(signal, "getsignal", lambda _: signal.SIG_IGN)
    taken: list[object] = []
    monkeypatch.setattr(signal, "signal", lambda *given: taken.append(given))
    with noted():
        pass

    assert not taken
