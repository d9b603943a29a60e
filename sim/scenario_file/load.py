"""Reading a scenario file: every mistake of it is reported at once."""

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from sim import catalog
from sim.core.mistakes import BadDescription, mistakes
from sim.core.names import Architecture
from sim.core.question import BadInput
from sim.experiment import Scenario
from sim.files.text.place import TextPlace, place_of, without_places
from sim.files.text.source import source
from sim.files.text.yaml_values import documents
from sim.scenario_file.schema import ScenarioFile, without_effect
from sim.studies.platforms import names, row


class BadFile(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """Mistakes in a scenario file, one a line."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file that was read."""

    file: ScenarioFile
    scenario: Scenario
    data: dict[str, Any]
    """As it is written in the file."""
    folder: Path

    def at(self, **point: Any) -> Scenario:
        """The scenario with some fields of the file replaced, by dotted path (`host.instance`).

        Raises:
            BadFile: a path or a value is wrong; the message names every mistake.
        """
        data = deepcopy(self.data)
        values: dict[str, Any] = {}
        for path, value in point.items():
            _put(data, path, value)
            _put(values, path, value)
        _refuse_without_effect(values, data.get("platform"))
        try:
            return _made(data, self.folder)[1]
        except (ValidationError, BadDescription) as error:
            raise BadFile("\n".join(mistakes(error, ScenarioFile))) from error


def load_scenario(path: str | Path) -> Loaded:
    """The scenario in a YAML file.

    Raises:
        FileNotFoundError: there is no such file.
        BadFile: it is not YAML, or a field is wrong; the message names every mistake.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file")
    try:
        read = documents(source(path))
    except BadInput as error:
        raise BadFile(str(error)) from None
    if len(read) != 1 or not isinstance(read[0], dict):
        raise BadFile(f"{path}: a scenario is a mapping such as 'platform: ecs'")
    data = without_places(read[0])
    if "platform" not in data and (kind := next((k for k in _OTHERS if k in data), "")):
        verbs = _OTHERS[kind]
        raise BadFile(f"{path}: this is {verbs[0]}, not a scenario file; try {verbs[1]} {path}")
    wrong = without_effect(data, data.get("platform"))
    try:
        parts = _made(data, path.parent)
    except (ValidationError, BadDescription) as error:
        wrong = [*mistakes(error, ScenarioFile), *wrong]
    except (ValueError, OverflowError, ZeroDivisionError) as error:
        wrong = [_under_its_path(line, data) for line in str(error).splitlines()]
    if wrong:
        raise BadFile("\n".join(f"{_place(path, read[0], line)}: {line}" for line in wrong))
    return Loaded(*parts, data, path.parent)


def _under_its_path(mistake: str, data: dict[str, Any]) -> str:
    """A figure says by its key alone what is wrong with it."""
    ours = data.get("figures", {})
    return f"figures.{mistake}" if mistake.partition(": ")[0] in ours else mistake


def _place(path: Path, whole: Any, mistake: str) -> TextPlace:
    """Where the field stands with whose path a mistake begins."""
    return place_of(mistake.partition(":")[0], whole, TextPlace(str(path), 0))


_OTHERS = {
    "parts": ("an application", "sim calls or sim plan"),
    "services": ("a compose file or an application", "sim plan or sim startup"),
    "apiVersion": ("a Kubernetes manifest", "sim plan or sim startup"),
    "containerDefinitions": ("an ECS task definition", "sim plan or sim startup"),
}
"""Other files that people run, by a key that no scenario has: what each is, and what takes it."""


def _refuse_without_effect(values: dict[str, Any], platform: object) -> None:
    """What a point sets; the file's own fields may be for other platforms of a sweep."""
    wrong = without_effect(values, platform)
    if wrong:
        raise BadFile("\n".join(wrong))


def _made(data: dict[str, Any], folder: Path) -> tuple[ScenarioFile, Scenario]:
    context = {"text": True, "folder": folder, "architecture": _architecture(data)}
    file = TypeAdapter(ScenarioFile).validate_python(data, context=context)
    return file, file.scenario()


def _put(data: dict[str, Any], path: str, value: Any) -> None:
    """Set the field at a path; keys of figures have dots of their own."""
    first, _, rest = path.partition(".")
    if not rest:
        data[first] = value
        return
    inner = data.setdefault(first, {})
    if not isinstance(inner, dict):
        raise BadFile(f"{path}: there is no such field; {first} has no fields")
    if first == "figures":
        inner[rest] = value
    else:
        _put(inner, rest, value)


def _architecture(data: dict[Any, Any]) -> Architecture:
    """Architecture of the host that a file names, before the file is known to be right."""
    host, platform = data.get("host"), data.get("platform")
    part = host if isinstance(host, dict) else {}
    takes = row(platform).takes if platform in names("file") else frozenset()
    if "architecture" in takes and part.get("architecture") in ("amd64", "arm64"):
        return cast("Architecture", part["architecture"])
    name, on_aws = part.get("instance"), "instance" in takes and "host" not in takes
    known = on_aws and isinstance(name, str) and name in catalog.instances()
    return catalog.instance(str(name)).architecture if known else "amd64"
