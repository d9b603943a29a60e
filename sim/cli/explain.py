"""`sim explain`: what a word or a parameter means, where it is from and where it is used."""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from importlib import import_module
from typing import Annotated, Any, get_args, get_type_hints

from sim import catalog
from sim.catalog import data
from sim.cli.app import MODULES, VERBS
from sim.cli.options import Json
from sim.cli.screen import as_json, hint, lead
from sim.core.cited import Cited
from sim.core.description import description, figures
from sim.core.names import unknown
from sim.core.question import BadInput, Typed, default, help_of, typed
from sim.scenario_file.schema import ScenarioFile
from sim.studies import platforms
from sim.studies.platform_row import PlatformOptions

GRADES = {
    "A": "A: measured, or from a primary source",
    "B": "B: from a secondary source",
    "C": "C: derived from other figures, or fitted",
    "D": "D: hearsay",
    "assumed": "assumed: a judgement; nobody has published it",
}


@description
class ExplainQuestion:
    """What does a word or a number mean, and where is it from?"""

    name: Annotated[str, Typed(argument=True, shape="NAME")]
    """A word (awsvpc), a cited number (fargate.provision), a field of a scenario file
    (service.cpu), an option (cpu-overcommit) or a platform (eks-fargate)."""


@dataclass(slots=True)
class _Explanation:
    name: str
    what: str
    lines: dict[str, str]


def command(question: ExplainQuestion, to: Json) -> int:
    """Say what it is, and where it is from."""
    name = question.name.removeprefix("--")
    found = [each for each in (_figure(name), _field(name), _platform(name), _word(name)) if each]
    found = found or [each for each in (_option(name),) if each]
    if not found:
        where = "sim parameters lists the numbers, sim VERB --help the options"
        raise BadInput(unknown("name", name, _every_name(), where=where))
    if to.json:
        as_json([{"name": each.name, "what": each.what, **each.lines} for each in found])
        return 0
    for each in found:
        lead(f"{each.name}: {each.what}")
        for head, text in each.lines.items():
            hint(f"{head}: {text}")
    return 0


def _cited() -> dict[str, Cited]:
    return {**catalog.figures(), **catalog.core_speeds()}


def _every_name() -> list[str]:
    fields_ = (path for path, _, _ in _scenario_fields(ScenarioFile))
    every = [*_cited(), *fields_, *_options(), *(row.name for row in platforms.every())]
    return [*every, *(word for words in _glossary() for word in words.split(", "))]


def _glossary() -> dict[str, str]:
    """What words mean here; several of one meaning stand together, with commas between them."""
    return {row["word"]: row["meaning"] for row in data.rows("glossary.csv")}


def _word(name: str) -> _Explanation | None:
    """A word of the glossary, in whatever case and number it is asked for."""
    plain = name.lower()
    for words, meaning in _glossary().items():
        if {plain, plain.removesuffix("s")} & set(words.lower().split(", ")):
            return _Explanation(words, meaning, {})
    return None


def _figure(key: str) -> _Explanation | None:
    cited = _cited().get(key)
    if cited is None:
        return None
    lines = {
        "grade": GRADES[cited.grade],
        "source": f"{cited.source} ({cited.as_of})",
        "measured on": cited.core,
        "used by": ", ".join(_users(key)) or "no platform with the usual settings",
        "to change it": f"figures: {{{key}: ...}} in a scenario file",
    }
    range_ = "" if cited.ranges else "; its source gives no range"
    what = f"{cited.shown()}{range_}. {cited.note}".strip()
    return _Explanation(key, what, {head: text for head, text in lines.items() if text})


def _users(key: str) -> Iterator[str]:
    """Platforms in whose description, or apps in whose service, the figure stands."""
    for app in catalog.apps():
        if any(cited.key == key for _, cited in figures(catalog.service(app))):
            yield f"app {app}"
    service = catalog.service("java")
    for row in platforms.every():
        options = PlatformOptions(service=service, image="cold")
        for make in (row.make, row.scaling):
            if make and any(cited.key == key for _, cited in figures(make(options))):
                yield row.name
                break


def _scenario_fields(kind: type, path: str = "") -> Iterator[tuple[str, type, str]]:
    """Every field of a scenario file: its path, the part it stands in, its name."""
    for field in fields(kind):
        yield f"{path}{field.name}", kind, field.name
        inner = get_type_hints(kind)[field.name]
        if is_dataclass(inner) and not path:
            yield from _scenario_fields(inner, f"{field.name}.")  # type: ignore[arg-type]


def _field(path: str) -> _Explanation | None:
    for known, kind, name in _scenario_fields(ScenarioFile):
        if known == path:
            mark, first = typed(kind, name), default(kind, name)
            what = help_of(kind)[name] or _first_line(get_type_hints(kind)[name])
            option = path.rpartition(".")[2].replace("_", "-")
            lines = {"where": "a field of a scenario file (sim schema)"}
            if isinstance(first, str | int | float) and first != "":
                lines["default"] = str(first) if mark.shown is None else mark.shown(first)
            lines |= _sizes(path)
            verbs = _options().get(option, {})
            if verbs:
                lines[f"on the command line (--{option})"] = next(iter(verbs.values()))
                lines["verbs"] = ", ".join(verbs)
            return _Explanation(path, " ".join(what.split()), lines)
    return None


def _sizes(path: str) -> Mapping[str, str]:
    """What each app has where nothing is said."""
    if path not in ("service.cpu", "service.memory"):
        return {}
    shown = {app: catalog.service(app) for app in catalog.apps()}
    sizes = (
        f"{app} {each.cpu:g} vCPU" if path.endswith("cpu") else f"{app} {each.memory / 2**20:g} MiB"
        for app, each in shown.items()
    )
    return {"unless given": ", ".join(sizes)}


def _first_line(kind: Any) -> str:
    inner = next((each for each in (kind, *get_args(kind)) if is_dataclass(each)), None)
    return "" if inner is None else (inspect.getdoc(inner) or "").partition("\n")[0]


def _options() -> dict[str, dict[str, str]]:
    """By option, what it means to each verb that has it."""
    found: dict[str, dict[str, str]] = {}
    for verb in VERBS:
        module = import_module(f"sim.cli.{MODULES.get(verb, verb)}")
        hints = get_type_hints(module.command)
        for kind in (kind for name, kind in hints.items() if name != "return"):
            for name, told in help_of(kind).items():
                mark = typed(kind, name)
                if not mark.argument and not mark.python:
                    text = " ".join(told.replace("`", "").split())
                    found.setdefault(mark.name, {})[verb] = text
    return found


def _option(name: str) -> _Explanation | None:
    verbs = _options().get(name)
    if not verbs:
        return None
    texts: dict[str, list[str]] = {}
    for verb, text in verbs.items():
        texts.setdefault(text, []).append(verb)
    first, *rest = texts.items()
    lines = {"verbs": ", ".join(first[1]), **{", ".join(those): text for text, those in rest}}
    return _Explanation(f"--{name}", first[0], lines)


def _platform(name: str) -> _Explanation | None:
    row = next((row for row in platforms.every() if row.name == name), None)
    if row is None:
        return None
    asked = [q for q in ("density", "startup", "scale", "lifecycle", "fail") if row.asks(q)]
    lines = {"verbs": ", ".join(asked), "also called": ", ".join(row.formerly)}
    if row.own_host:
        lines["hosts"] = "each task has one of its own"
    remark = row.remark()
    return _Explanation(
        name, f"{row.label}{f'; {remark}' if remark else ''}", {k: v for k, v in lines.items() if v}
    )
