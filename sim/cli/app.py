"""The verbs; a verb is imported when it is used, so `sim --help` is quick."""

from functools import partial
from importlib import import_module
from typing import Annotated, Any

import typer
import typer.main

import sim
from sim.cli.help import GroupedVerbs, VerbCommand
from sim.cli.help_pages import kept
from sim.cli.streams import reader_may_go

VERBS = {
    "demo": "VMs, Docker, EC2, ECS, EKS and Fargate compared on one screen.",
    "density": "How many containers fit on a machine, and what stops them?",
    "startup": "How soon is an app ready on each platform, phase by phase?",
    "plan": "Which platform, machines and cost for my own application?",
    "migrate": "How many machines elsewhere for the VMs I have, at what price?",
    "storm": "How long do many sandboxes take that start at once?",
    "scale": "How long from 0 to 500 tasks, machines included? And back?",
    "fail": "A process, host or zone dies: when is everything served again?",
    "neighbours": "How much does one noisy neighbour slow down the others?",
    "isolation": "What does stronger isolation cost, and what still gets through?",
    "app": "Write a file that describes my own app, to fill in: sim app init.",
    "read": "What was understood of my files: compose, Kubernetes, ECS, VMs?",
    "fit": "What do my own cluster's starts say, and how far off is the model?",
    "calls": "What do users wait for, and which service is the bottleneck?",
    "run": "Run a scenario file; runs that are there already are reused.",
    "sweep": "Run a scenario file at many points.",
    "compare": "How do two runs differ: inputs, then metrics with intervals?",
    "report": "One HTML page of a run, which needs no network.",
    "open": "Open the page of a run in the browser: sim open latest.",
    "sensitivity": "Which of the cited numbers does an answer hang on?",
    "image": "Layers of an image, and what it shares with another.",
    "instances": "EC2 instance types: CPU, memory, ENIs, GPUs, price.",
    "parameters": "The cited numbers: value, range, grade, date and source.",
    "explain": "What does a word or a number mean, and where is it from?",
    "validate": "How far is the model from real measurements?",
    "lifecycle": "Build, push, pull and run an image: where does the time go?",
    "schema": "The JSON schema of a scenario file.",
    "example": "List the scenario scripts, or copy one of them to change it.",
}
"""What each answers, in the order of the help; `sim.cli.<verb>` has a function `command`."""

MODULES = {"app": "own_app"}
"""Verbs whose module has another name."""

PLAIN: dict[str, Any] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
}


def made(name: str) -> Any:
    """A verb with its options."""
    from sim.cli.options import helps, verb

    alone = typer.Typer(**PLAIN)
    module = import_module(f"sim.cli.{MODULES.get(name, name)}")
    alone.command(name, cls=VerbCommand, help=VERBS[name])(verb(module.command))
    command: Any = typer.main.get_command(alone)
    command.helps = partial(helps, module.command)
    return command


class Verbs(GroupedVerbs):
    """Lists the verbs without their options, which take a second to import."""

    def make_context(self, *args: Any, **rest: Any) -> Any:
        """What is typed, read; a help is printed here."""
        with reader_may_go():
            return super().make_context(*args, **rest)

    def invoke(self, ctx: Any) -> Any:
        """Do it."""
        with reader_may_go():
            return super().invoke(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb that was typed, whole."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, made(str(name)), rest

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The help of a verb is printed here, and all ends."""
        if len(args) == 2 and args[1] == "--help" and not ctx.resilient_parsing:
            verb = args[0]
            page = kept(verb, VERBS.get(verb, ""))
            if page is not None:
                page.make_context(verb, args[1:], parent=ctx)
        return super().parse_args(ctx, args)


app = typer.Typer(
    name="sim",
    cls=Verbs,
    no_args_is_help=True,
    help="How many of my containers fit on a machine, and how soon is each one ready?",
    **(PLAIN | {"add_completion": True}),
)


def show_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        from sim.sharing import COMPILED

        core = "compiled core" if COMPILED else "pure Python core"
        typer.echo(f"berthsim {sim.__version__} ({core})")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=show_version, is_eager=True, help="Show it."),
    ] = False,
) -> None:
    """How many of my containers fit on a machine, and how soon is each one ready?"""


def _listed() -> None:
    """What stands for a verb in the list; `Verbs` puts the verb itself in its place."""


for each, answers in VERBS.items():
    app.command(each, help=answers)(_listed)
