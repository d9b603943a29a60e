"""The command line: a module a verb."""

import os
import sys


def main() -> None:
    """Entry point of `sim` and `berthsim`."""
    _open_what_is_closed()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would look for them all over
    try:
        from sim.cli.app import app

        app()
    except Exception as error:
        if "KeyboardInterrupt" in str(error):
            raise SystemExit(130) from None
        raise
    except KeyboardInterrupt:  # in the first second, while modules are read
        raise SystemExit(130) from None


def _open_what_is_closed() -> None:
    """Python has no stream at all where the shell has closed one (`sim density >&-`)."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
