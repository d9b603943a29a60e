"""The command line: a module a verb."""

import gc
import os

from sim.cli import interrupt

interrupt.guard()

RARELY = (100_000, 2, 2)
"""When waste is looked for: what a command makes in its first second, it keeps to the end."""


def main() -> None:
    """Entry point of `sim` and `berthsim`."""
    try:
        from sim.cli.streams import make_ready

        make_ready()
        gc.set_threshold(*RARELY)
        # pydantic would look for plugins all over
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
        os.environ["MPLBACKEND"] = "agg"  # a verb draws into files, whatever the shell draws on
        from sim.cli.app import app

        try:
            app()
        finally:
            gc.freeze()  # what is left is not looked through once more as all ends
    except OSError as error:  # of a help that cannot be written; verbs say their own
        from sim.cli.streams import all_is_said, cannot_be_said

        raise SystemExit(all_is_said(cannot_be_said(error))) from None
    except BaseException as error:
        stopped = isinstance(error, SystemExit) and error.code == interrupt.STOPPED
        if isinstance(error, SystemExit) or interrupt.is_one(error):
            interrupt.hurry()
            from sim.cli.streams import all_is_said

            if isinstance(error, SystemExit) and isinstance(error.code, int):
                error.code = all_is_said(error.code)
            else:
                all_is_said(interrupt.STOPPED)
        if stopped or interrupt.is_one(error):  # by a verb, or while modules are read
            interrupt.end()
        raise
