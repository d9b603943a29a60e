"""Help as people read it: verbs and options in groups, an example or two below."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from typer import BadParameter
from typer.core import TyperCommand, TyperGroup

MISUSE: type[Exception] = BadParameter.__bases__[0]
"""What the library raises for any wrong word."""
MOST_SAID = 500
"""Characters that are said of one."""

GROUPS = {
    "Ask": ("demo", "density", "startup", "scale", "storm", "lifecycle"),
    "My own application": ("plan", "migrate", "read", "app", "calls"),
    "When things go wrong": ("fail", "neighbours", "isolation"),
    "Scenario files and runs": (
        *("run", "sweep", "example", "compare", "sensitivity", "report", "open", "schema"),
    ),
    "What is known": ("explain", "parameters", "instances", "image", "validate", "fit"),
}
"""Verbs under the heading of the help that they stand below; others are *more*."""

EXAMPLES = {
    "demo": ("sim demo",),
    "density": (
        "sim density --instance m7g.2xlarge --cpu 0.5 --memory 1GiB",
        "sim density --by reservation --max-pods 110 --explain",
        "sim density compose.yaml",
    ),
    "startup": (
        "sim startup --app node --platform fargate --platform ecs",
        'sim startup --platform ecs --tasks 20 --require "p95<=30s"',
    ),
    "plan": ("sim plan compose.yaml", "sim plan manifests/ --sizes stats.json"),
    "migrate": ("sim migrate vms.csv",),
    "scale": ("sim scale --to 500 --instance c6g.4xlarge", "sim scale --from 500 --to 200"),
    "storm": ("sim storm --runtime kata-fc --starts 100 --running 500",),
    "fail": ("sim fail --app node --tasks 40 --kill host",),
    "neighbours": ("sim neighbours --app node --bad disk",),
    "isolation": ("sim isolation --app node",),
    "calls": ("sim calls scenarios/shop.yaml --rate 100",),
    "lifecycle": ("sim lifecycle scenarios/dockerfiles/node --app node --platform ecs",),
    "app": ("sim app init app.yaml", "sim startup --app app.yaml"),
    "read": ("sim read compose.yaml",),
    "run": ("sim run scenario.yaml --replications auto",),
    "sweep": ("sim sweep scenario.yaml --grid host.instance=m5.large,m5.xlarge",),
    "compare": ("sim compare results/startup/latest 1654fbfca0",),
    "sensitivity": ("sim sensitivity scenario.yaml",),
    "report": ("sim report results/startup/latest --open",),
    "open": ("sim open latest", "sim open startup"),
    "image": ("sim image node:22 --with debian:bookworm",),
    "instances": ("sim instances 'm7g.*'",),
    "parameters": ("sim parameters fargate",),
    "explain": ("sim explain service.cpu", "sim explain fargate.provision"),
    "fit": ("sim fit starts.json --out fit.yaml",),
    "validate": ("sim validate", "sim validate --cases"),
    "example": ("sim example",),
    "schema": ("sim schema > scenario.schema.json",),
}
"""What one may type first."""

PANELS = {
    "NodeSettings": "EKS nodes and machine images",
    "PriceTerms": "Prices",
    "WorkerOptions": "Where runs are made",
    "Files": "Output",
    "Json": "Output",
    "Caveats": "Output",
    "Plotted": "Output",
}
"""Options of these descriptions stand below a heading of their own."""


def panel(kind: type, field: str) -> str:
    """The heading below which the option of a field stands."""
    from sim.docstrings import home  # the list of verbs has no options

    return PANELS.get(home(kind, field).__name__, "Options")


class VerbCommand(TyperCommand):
    """A verb, whose options stand below the headings of their descriptions.

    What each of them means is looked up when somebody asks, which a verb that runs need not do.
    """

    helps: Callable[[], Mapping[str, str]] = dict
    """Gives what is said of each option."""

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """As the help says it, where a shell shows that beside a word."""
        self._say_what_options_mean()
        return super().shell_complete(ctx, incomplete)

    def _say_what_options_mean(self) -> None:
        told = self.helps()
        options: list[Any] = self.params
        for option in options:
            option.help = told.get(option.name, option.help)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Arguments as manuals write them: `FILE`, `[FILE]`, `FILE...`; the library has braces."""
        return [
            "[OPTIONS]",
            *(
                _word(each) if each.required else f"[{_word(each)}]"
                for each in self.get_params(ctx)
                if each.param_type_name == "argument"
            ),
        ]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """What was typed; a message about it is no longer than it can be read."""
        _share_readers(self.params)
        with _short():
            return super().parse_args(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments first, then each group."""
        write(formatter, self.option_groups(ctx))

    def option_groups(self, ctx: Any) -> dict[str, list[tuple[str, str]]]:
        """What each argument and option means, by heading."""
        self._say_what_options_mean()
        arguments: list[tuple[str, str]] = []
        panels: dict[str, list[tuple[str, str]]] = {"Options": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            if parameter.param_type_name == "argument":
                arguments.append((_word(parameter), record[1].removesuffix("  [required]")))
            else:
                group = getattr(parameter, "rich_help_panel", None) or "Output"
                panels.setdefault(group, []).append(record)
        return {"Arguments": arguments, **panels}

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Examples."""
        del ctx
        examples = EXAMPLES.get(str(self.name), ())
        if examples:
            with formatter.section("Examples"):
                for example in examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


def _word(argument: Any) -> str:
    """An argument as the help writes it; there may be several where `nargs` says so."""
    return f"{argument.metavar}{'...' if argument.nargs == -1 else ''}"


def _share_readers(options: Iterable[Any]) -> None:
    """Let options of one type have one reader; the library builds one for each of fifty."""
    readers: dict[str, Any] = {}

    def reader(option: Any) -> Any:
        kind = str(option.type_descriptor.annotation)
        if kind not in readers:
            readers[kind] = type(option).get_runtime_param(option)
        return readers[kind]

    for each in options:
        if hasattr(each, "get_runtime_param"):
            each.get_runtime_param = partial(reader, each)


class GroupedVerbs(TyperGroup):
    """The verbs below the headings of what they are for."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb; a word that is none is told, but not of any length."""
        with _short():
            return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """A line each."""
        texts = {
            name: (command.help or "").replace("\n", " ")
            for name in self.list_commands(ctx)
            if (command := self.get_command(ctx, name)) is not None
        }
        grouped = {name for names in GROUPS.values() for name in names}
        more = [name for name in texts if name not in grouped]
        for heading, names in {**GROUPS, "More": tuple(more)}.items():
            write(formatter, {heading: [(name, texts[name]) for name in names if name in texts]})


@contextmanager
def _short() -> Iterator[None]:
    """Clip what is said of a mistake to what can be read."""
    try:
        yield
    except MISUSE as error:
        words = str(getattr(error, "message", error))
        if len(words) > MOST_SAID:
            vars(error)["message"] = f"{words[:MOST_SAID]} ..."
        raise


def write(formatter: Any, groups: Mapping[str, Iterable[tuple[str, str]]]) -> None:
    """Groups of words with what they mean, each below its heading; none that is empty."""
    for heading, records in groups.items():
        rows = list(records)
        if rows:
            with formatter.section(heading):
                formatter.write_dl(rows)
