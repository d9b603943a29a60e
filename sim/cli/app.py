"""The verbs, and what happens when one fails."""

import functools
from collections.abc import Callable
from typing import Annotated

import typer

import sim
from sim.cli import (
    compare,
    demo,
    density,
    image,
    instances,
    lifecycle,
    parameters,
    scale,
    schema,
    sensitivity,
    startup,
    storm,
    sweep,
    validate,
)
from sim.cli import run as scenario
from sim.cli.options import BadInput
from sim.cli.screen import note, reader_has_gone

STOPPED = 130
"""What a shell makes of a program that Ctrl-C has ended."""

app = typer.Typer(
    name="sim",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="How many of my containers fit on a machine, and how soon is each one ready?",
)


def show_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        typer.echo(f"berthsim {sim.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """How many of my containers fit on a machine, and how soon is each one ready?"""


def guarded(command: Callable[..., int]) -> Callable[..., None]:
    """Make a verb end with its exit code; bad input is a message and 2, never a traceback."""

    @functools.wraps(command)
    def run(*args: object, **options: object) -> None:
        try:
            code = command(*args, **options)
        except BrokenPipeError:
            reader_has_gone()
        except KeyboardInterrupt as error:
            note(str(error) or "stopped")
            code = STOPPED
        except (BadInput, OSError) as error:
            text = _words(error).replace("\n", "\n       ")
            note(f"error: {text}")
            code = 2
        raise typer.Exit(code)

    return run


def _words(error: BadInput | OSError) -> str:
    """What is wrong, without the number that the operating system gives it."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)


VERBS = (
    demo,
    density,
    startup,
    storm,
    scale,
    scenario,
    sweep,
    compare,
    sensitivity,
    image,
    instances,
    parameters,
    validate,
    lifecycle,
    schema,
)

for verb in VERBS:
    app.command(verb.NAME)(guarded(verb.command))
