"""The command line: a module a verb."""

import os
import sys

from sim.cli import interrupt

interrupt.guard()


def main() -> None:
    """Entry point of `sim` and `berthsim`."""
    _open_what_is_closed()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would look for them all over
    try:
        from sim.cli.app import app

        app()
    except BaseException as error:
        stopped = isinstance(error, SystemExit) and error.code == interrupt.STOPPED
        if stopped or interrupt.is_one(error):  # by a verb, or while modules are read
            interrupt.end()
        raise


def _open_what_is_closed() -> None:
    """Python has no stream at all where the shell has closed one (`sim density >&-`)."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
