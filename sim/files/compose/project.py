"""The services of a project: its files with variables put in, extended, included, merged."""

import re
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv.parser import parse_stream

from sim.core.names import nearest
from sim.core.question import BadInput
from sim.files.compose.interpolation import Interpolation, Unset, interpolated
from sim.files.compose.merging import cleaned, merged
from sim.files.text.findings import Findings, not_allowed
from sim.files.text.place import PlacedMapping, TextPlace
from sim.files.text.source import source
from sim.files.text.value import Value
from sim.files.text.yaml_values import documents

DEEPEST = 32
"""Files that include or extend each other."""
MOST_FILES = 200
"""Files that a project may be made of."""
LARGEST_OF_VARIABLES = 2**20
"""Characters of a file of variables."""
_BLANKS = re.compile(r"[^\S\r\n]{1000}")


class Project:
    """Reads the files of one project.

    Args:
        variables: what is put in for `$NAME`.
        shell: variables of the shell, which are put in before those.
    """

    def __init__(
        self, variables: Mapping[str, str], findings: Findings, shell: Mapping[str, str]
    ) -> None:
        self.findings = findings
        self.interpolation = Interpolation(variables, shell)
        self._files: dict[Path, PlacedMapping] = {}
        self._including: list[Path] = []
        self._interpolated: dict[int, Any] = {}

    def model(self, files: list[tuple[Path, Value]]) -> PlacedMapping:
        """What files say, each laid over those before it.

        Args:
            files: with their folders.
        """
        whole: Any = PlacedMapping()
        for folder, node in files:
            if isinstance(node.mapping().value, PlacedMapping):
                whole = merged(whole, self._read(folder, node))
        return cleaned(whole)  # type: ignore[no-any-return]

    def _read(self, folder: Path, node: Value) -> PlacedMapping:
        """One file, its services extended, what it includes laid beneath."""
        value = interpolated(node.value, self._put, node.place)
        one = node.with_value(value)
        services = one["services"].mapping().value
        if isinstance(services, PlacedMapping):
            extended = PlacedMapping()
            for name in services:
                service = self._extended(one, folder, name, [])
                extended.put(name, self._equipped(one, folder, service), services.places[name])
            value.put("services", extended, value.places["services"])
        included = self._included(folder, one)
        return value if included is None else merged(included, value)  # type: ignore[no-any-return]

    def _equipped(self, one: Value, folder: Path, service: Any) -> Any:
        """A service with the variables of its `env_file`, over which its own stand.

        A file that is not here is said: it is often kept apart from the project.
        """
        node = one.with_value(service)
        if not isinstance(service, PlacedMapping) or not node["env_file"]:
            return service
        found = PlacedMapping()
        for each in _paths(node["env_file"]):
            path = (each["path"] if isinstance(each.value, dict) else each).text("a path")
            try:
                values = variables([folder / path], node.findings) if path else {}
            except BadInput:
                node.findings.note("env_file that cannot be read, and is left out", path or "")
                continue
            for name, value in values.items():
                found.put(name, value, each.place)
        below = PlacedMapping()
        below.put("environment", found, node["env_file"].place)
        return merged(below, service)

    def _put(self, text: str, place: TextPlace, path: str) -> str:
        try:
            return self.interpolation.text(text)
        except Unset as error:
            self.findings.mistake(place, path, str(error))
        except ValueError as error:
            self.findings.mistake(place, path, not_allowed(text, str(error)))
        return ""

    def _included(self, folder: Path, one: Value) -> PlacedMapping | None:
        whole: Any = None
        for item in one["include"].items("a list of files"):
            paths = [item] if isinstance(item.value, str) else _paths(item["path"])
            if any(key in item for key in ("env_file", "project_directory")):
                self.findings.ignore("env_file or project_directory of an include")
            files = []
            for each in paths:
                text = each.text("the path of a file")
                if text and "://" not in text:
                    files.append(self._begun(folder / text, each))
                elif text:
                    self.findings.ignore("include from elsewhere than a file")
            for path, value in files:
                if value is not None:
                    whole = merged(whole, self._read(path.parent, item.with_value(value)))
                    self._including.pop()
        return whole  # type: ignore[no-any-return]

    def _begun(self, path: Path, node: Value) -> tuple[Path, PlacedMapping | None]:
        """A file that is included; none that includes itself."""
        path = _absolute(path)
        if path in self._including or len(self._including) >= DEEPEST:
            node.say(f"{path.name} includes itself")
            return path, None
        found = self._file(path, node)
        if found is not None:
            self._including.append(path)
        return path, found

    def _file(self, path: Path, node: Value) -> PlacedMapping | None:
        """Another file, as it is written; mistakes of it are said where it is named."""
        path = _absolute(path)
        if path not in self._files:
            try:
                if len(self._files) >= MOST_FILES:
                    raise BadInput(f"more than {MOST_FILES} files")
                every = documents(source(path))
            except BadInput as error:
                node.say(str(error))
                return None
            if not every or not isinstance(every[0], PlacedMapping):
                node.say(f"{path}: a mapping with services is needed")
                return None
            self._files[path] = every[0]
        return self._files[path]

    def _extended(self, one: Value, folder: Path, name: str, above: list[tuple[Path, str]]) -> Any:
        """A service laid over the one it extends."""
        service = one["services"][name]
        if not isinstance(service.value, PlacedMapping) or not service["extends"]:
            return service.value
        extends = service["extends"]
        other = extends.text() if isinstance(extends.value, str) else extends["service"].text()
        path = None if isinstance(extends.value, str) else extends["file"].text()
        if other is None:
            extends.say("service: it is missing; the service that is extended")
            return service.value
        base, where = one, folder
        if path is not None:
            found = self._file(folder / path, extends["file"])
            if found is None:
                return service.value
            where = (folder / path).parent
            base = Value(self._put_in(found, one.place), one.place, self.findings)
        return self._over(base, where, service, other, [*above, (Path(one.place.source), name)])

    def _put_in(self, found: PlacedMapping, place: TextPlace) -> Any:
        """Another file with its variables put in, once for all services that extend one of it."""
        if id(found) not in self._interpolated:
            self._interpolated[id(found)] = interpolated(found, self._put, place)
        return self._interpolated[id(found)]

    def _over(
        self, base: Value, folder: Path, service: Value, other: str, above: list[tuple[Path, str]]
    ) -> Any:
        names = list(base["services"].mapping().value or ())
        if other not in names:
            near = nearest(other, names)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            service["extends"].say(f"there is no service {other!r}{hint}")
            return service.value
        source_of = base["services"].value.places[other].source
        if (Path(source_of), other) in above or len(above) > DEEPEST:
            chain = " -> ".join(name for _, name in [*above, (Path(), other)])
            service["extends"].say(f"it extends itself: {chain}")
            return service.value
        inner = base.with_place(base["services"].value.places[other])
        below = self._extended(inner, folder, other, above)
        return merged(below, service.value)


def _paths(node: Value) -> list[Value]:
    return [node] if isinstance(node.value, str) else list(node.items("a path, or a list of them"))


def _absolute(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return path


def _of_variables(path: Path) -> str:
    """The text of a file of variables; what reads it looks at a row of blanks again and again."""
    text = source(path).text
    if len(text) > LARGEST_OF_VARIABLES:
        raise BadInput(f"{path}: it is larger than {LARGEST_OF_VARIABLES // 2**20} MiB")
    if (blanks := _BLANKS.search(text)) is not None:
        line = text.count("\n", 0, blanks.start()) + 1
        raise BadInput(f"{path}:{line}: a thousand blanks in a row are not read")
    return text


def variables(paths: list[Path], findings: Findings) -> dict[str, str]:
    """The variables of `.env` files; a later one wins, and may use those before it.

    Raises:
        BadInput: a file cannot be read.
    """
    found: dict[str, str] = {}
    for path in paths:
        text = _of_variables(path)
        for each in parse_stream(StringIO(text)):
            if each.error:
                where = f"{path.name}:{each.original.line}"
                findings.note("lines of variables that are no NAME=value, and are left out", where)
            if not each.key:
                continue
            try:
                found[each.key] = Interpolation(found).text(each.value or "")
            except ValueError:
                found[each.key] = each.value or ""
    return found
