"""The command line: a module a verb."""

import os

from sim.cli.streams import cannot_be_said, make_ready


def main() -> None:
    """Entry point of `sim` and `berthsim`."""
    make_ready()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would look for them all over
    try:
        from sim.cli.app import app

        app()
    except OSError as error:  # of a help that cannot be written; verbs say their own
        raise SystemExit(cannot_be_said(error)) from None
    except Exception as error:
        if "KeyboardInterrupt" in str(error):
            raise SystemExit(130) from None
        raise
    except KeyboardInterrupt:  # in the first second, while modules are read
        raise SystemExit(130) from None
