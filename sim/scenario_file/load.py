"""Reading a scenario file: every mistake of it is reported at once."""

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import TypeAdapter, ValidationError

from sim import catalog
from sim.core.mistakes import mistakes
from sim.core.names import Architecture
from sim.experiment import Scenario
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
        except ValidationError as error:
            raise BadFile("\n".join(mistakes(error, ScenarioFile))) from error


def load_scenario(path: str | Path) -> Loaded:
    """The scenario in a YAML file.

    Raises:
        FileNotFoundError: there is no such file.
        BadFile: it is not YAML, or a field is wrong; the message names every mistake.
    """
    path = Path(path)
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_OnceLoader)
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise BadFile(f"{path}: it is a folder; a scenario is a file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadFile(f"{path} is not YAML: {error}") from error
    if not isinstance(data, dict):
        raise BadFile(f"{path}: a scenario is a mapping such as 'platform: ecs'")
    wrong = without_effect(data, data.get("platform"))
    try:
        parts = _made(data, path.parent)
    except ValidationError as error:
        raise BadFile("\n".join([f"{path}:", *mistakes(error, ScenarioFile), *wrong])) from error
    except ValueError as error:
        raise BadFile(f"{path}: {error}") from error
    if wrong:
        raise BadFile("\n".join([f"{path}:", *wrong]))
    return Loaded(*parts, data, path.parent)


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


def schema() -> dict[str, Any]:
    """The JSON schema of a scenario file."""
    schema = TypeAdapter(ScenarioFile).json_schema()
    parts = [schema, *schema["$defs"].values()]
    for field in (field for part in parts for field in part.get("properties", {}).values()):
        if field.get("type") == "string" and isinstance(field.get("default"), float):
            field["default"] = f"{field['default']:g}s"  # durations have a unit in a file
    return schema


class _OnceLoader(yaml.SafeLoader):
    """Refuses a mapping that has one key twice: YAML would keep the last and lose the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                raise yaml.YAMLError(f"line {line}: {key.value!r} stands there twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)
