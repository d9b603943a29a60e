"""The verbs; a verb is imported when it is used, so `sim --help` is quick."""

from importlib import import_module
from typing import Annotated, Any

import typer
import typer.main
from typer.core import TyperGroup

import sim

VERBS = {
    "demo": "VMs, Docker, EC2, ECS, EKS and Fargate on one machine: how many, how soon, how much.",
    "density": "How many of my containers fit on a machine, on every platform, and what stops "
    "them.",
    "startup": "How soon is my app ready, on every platform, from request to first healthy answer?",
    "plan": "My own application: which platform, how many machines, what does it cost, how soon is "
    "it up?",
    "migrate": "Our virtual machines as they are: on how many machines elsewhere, at what price?",
    "storm": "How soon is each of many sandboxes up when they start at once, and what does it "
    "cost?",
    "scale": "How long from 0 to 500 tasks, when the machines have to come first? And from 500 to "
    "200?",
    "fail": "When a process, a host or a zone dies: what is lost, who notices, when is it served "
    "again?",
    "neighbours": "One neighbour asks for all it can get: how much slower are the others, as "
    "containers, microVMs and VMs?",
    "isolation": "What do the walls between sandboxes cost, and what still crosses them: a bad "
    "neighbour, a dead host?",
    "app": "sim app init: a file that describes an app of my own, to fill in.",
    "read": "Compose files, Kubernetes manifests, ECS tasks or a list of VMs: what was understood?",
    "fit": "The starts my own cluster had: which phases do they have, and how far off are answers "
    "with them?",
    "calls": "Services that call each other: what do users wait for, which stops me, at what rate, "
    "and which comes next?",
    "run": "Run a scenario file; runs that are there already are not made again.",
    "sweep": "Run a scenario file at many points; runs that are there already are not made again.",
    "compare": "How two runs differ: their inputs, then every metric with a 95 % interval.",
    "report": "A run on one page: its answer, figures and tables, in a file that needs no network.",
    "sensitivity": "Every cited number of a scenario moved over its range: which of them decide "
    "the answer?",
    "image": "Layers of an image, compressed and unpacked, and what it shares with another.",
    "instances": "EC2 instance types: vCPUs and their speed, memory nominal and visible, ENIs, "
    "price.",
    "parameters": "The cited numbers: value, range, grade, date and source.",
    "validate": "Real measurements beside what the model makes of their inputs; 1 if a bar is "
    "missed.",
    "lifecycle": "Build an image, push it, pull and run it: where do the seconds and the bytes go?",
    "schema": "The JSON schema of a scenario file.",
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
    from sim.cli.options import verb

    alone = typer.Typer(**PLAIN)
    module = import_module(f"sim.cli.{MODULES.get(name, name)}")
    alone.command(name, help=VERBS[name])(verb(module.command))
    return typer.main.get_command(alone)


class Verbs(TyperGroup):
    """Lists the verbs without their options, which take a second to import."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb that was typed, whole."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, made(str(name)), rest


app = typer.Typer(
    name="sim",
    cls=Verbs,
    no_args_is_help=True,
    help="How many of my containers fit on a machine, and how soon is each one ready?",
    **PLAIN,
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
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """How many of my containers fit on a machine, and how soon is each one ready?"""


def _listed() -> None:
    """What stands for a verb in the list; `Verbs` puts the verb itself in its place."""


for each, answers in VERBS.items():
    app.command(each, help=answers)(_listed)
