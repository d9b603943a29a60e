"""`sim.read`: files in, an application out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from sim.core.mistakes import MOST_TOLD, BadDescription, several_of, spoken
from sim.core.names import Dialect
from sim.core.question import BadInput, ask
from sim.files.assembly import assembled
from sim.files.compose.reading import read_compose
from sim.files.draft import Drafts
from sim.files.ecs.cloudformation import Template
from sim.files.ecs.reading import read_tasks
from sim.files.inventory.reading import is_inventory, read_inventory
from sim.files.kubernetes.objects import MADE_BY_ANOTHER
from sim.files.kubernetes.reading import read_manifests
from sim.files.own.reading import read_own
from sim.files.question import ReadQuestion
from sim.files.recognition import dialect_of
from sim.files.sizes.measured import measured
from sim.files.terraform.resources import planned
from sim.files.text.findings import Findings
from sim.files.text.place import PlacedMapping, TextPlace
from sim.files.text.source import LARGEST, SourceText, sources
from sim.files.text.value import Value
from sim.files.text.yaml_values import documents
from sim.studies.migrate.inventory import Inventory
from sim.workload import Application

AnyPath: TypeAlias = str | PathLike[str]
Several: TypeAlias = AnyPath | Iterable[AnyPath]


def read(
    *files: AnyPath,
    dialect: Dialect | None = None,
    profile: str | Iterable[str] = (),
    env: Several = (),
    sizes: Several = (),
    override: Several = (),
) -> Application | Inventory:
    """The application that files describe, or the inventory of machines that they are.

    Args:
        files: compose files, Kubernetes manifests, ECS task definitions and services, or a folder
            of them; `-` is standard input. Or an export of virtual machines, see
            `read_inventory`.
        dialect: what they are, where their content does not tell.
        profile: profiles of compose that are on; `*` is all.
        env: files of variables for compose, instead of the `.env` beside it.
        sizes: files of what containers use, where the others do not tell what they need.
        override: more compose files, merged over the first.

    Raises:
        BadInput: all that is wrong with them, one mistake a line.
    """
    values: dict[str, object] = {
        "files": _tuple("files", files),
        "dialect": dialect,
        "profile": _tuple("profile", profile),
        "env": _tuple("env", env),
        "sizes": _tuple("sizes", sizes),
        "override": _tuple("override", override),
    }
    question = ask(ReadQuestion, values)
    return inventory_in(question) or understood(question)


def _tuple(field: str, value: object) -> tuple[Any, ...]:
    try:
        return tuple(several_of(value))
    except ValueError as error:
        raise BadInput(f"{field}: {error}") from None


def read_application(*files: AnyPath) -> Application:
    """The application that files describe, or that an inventory becomes.

    Raises:
        BadInput: all that is wrong with them, one mistake a line.
    """
    return understood(ask(ReadQuestion, {"files": _tuple("files", files)}))


def inventory_in(question: ReadQuestion) -> Inventory | None:
    """The inventory that the files of a question are; None where they are something else.

    Raises:
        BadInput: all that is wrong with them, one mistake a line.
    """
    if question.dialect is not None or not any(map(is_inventory, question.files)):
        return None
    return read_inventory(*question.files)


def understood(question: ReadQuestion) -> Application:
    """The application that the files of a question describe.

    Raises:
        BadInput: all that is wrong with them, one mistake a line.
    """
    return understood_as(question)[0]


def understood_as(question: ReadQuestion) -> tuple[Application, Dialect | None]:
    """The application, and what its files are written in; None: they are an inventory.

    An application is the same whatever it was written in, so it does not hold that itself.

    Raises:
        BadInput: all that is wrong with them, one mistake a line.
    """
    inventory = inventory_in(question)
    if inventory is not None:
        try:
            return inventory.application(), None
        except ValueError as error:
            raise BadInput(str(error)) from None
    findings = Findings()
    found = _found([*question.files, *question.override], question.dialect, findings)
    dialect = _one_dialect(found)
    if dialect not in _READERS:
        raise BadInput(f"{found[0].source.name}: {dialect} is not read yet")
    with _told_of(found[0].source.name):
        drafts = _READERS[dialect](found, question, findings)
    findings.refuse()
    if not drafts.parts:
        raise BadInput(f"{found[0].source.name}: {_nothing(findings)}")
    use = measured(question.sizes, drafts.name, findings)
    with _told_of(found[0].source.name):
        return assembled(drafts, use, findings), dialect


@contextmanager
def _told_of(file: str) -> Iterator[None]:
    """What a description refuses that is made of no single field is told of the file."""
    try:
        yield
    except BadDescription as error:
        raise BadInput("\n".join(f"{file}: {line}" for line in spoken(error))) from None


class Found(NamedTuple):
    """A document and the file it stands in."""

    source: SourceText
    node: Value
    dialect: Dialect


def _found(paths: Sequence[Path], dialect: Dialect | None, findings: Findings) -> list[Found]:
    """The documents of all files; those of a folder that are nothing we know are counted."""
    found: list[Found] = []
    wrong: list[str] = []
    size = 0
    for path in paths:
        try:
            for source in sources([path]):
                size += len(source.text)
                if size > LARGEST:
                    raise BadInput(f"{source.name}: with it, all files are together {_TOO_LARGE}")
                found += _told(source, dialect, findings)
        except BadInput as error:
            wrong.append(str(error))
    if wrong or not found:
        nothing = f"{paths[0]}: nothing in it is read" if paths else "files: nothing is given"
        raise BadInput("\n".join(wrong or [nothing, *findings.notes[:MOST_TOLD]]))
    return found


_TOO_LARGE = f"larger than {LARGEST // 2**20} MiB, the most that is read"


def _told(source: SourceText, dialect: Dialect | None, findings: Findings) -> list[Found]:
    """What one file says; one that nobody named may be anything."""
    try:
        return _documents(source, dialect, findings)
    except BadInput as error:
        if source.named:
            raise
        findings.ignore("file that is nothing to run")
        findings.note(f"not read: {error}")
        return []


def _documents(source: SourceText, dialect: Dialect | None, findings: Findings) -> list[Found]:
    every = documents(source)
    if not every:
        raise BadInput(f"{source.name}: it is empty")
    whole = TextPlace(source.name, 0)
    return [
        Found(
            source,
            Value(each, _begin(each, source) if len(every) > 1 else whole, findings),
            dialect or dialect_of(each, source.name),
        )
        for each in every
    ]


def _begin(document: Any, source: SourceText) -> TextPlace:
    """Where one of several in a file begins: at its first key."""
    places = document.places.values() if isinstance(document, PlacedMapping) else ()
    return next(iter(places), TextPlace(source.name, 0))


def _one_dialect(found: list[Found]) -> Dialect:
    first = found[0]
    for other in found[1:]:
        if _FAMILY.get(other.dialect, other.dialect) != _FAMILY.get(first.dialect, first.dialect):
            raise BadInput(
                f"{first.source.name} is {first.dialect}, {other.source.name} {other.dialect}; "
                "read them one after the other"
            )
    return first.dialect


_FAMILY: dict[Dialect, Dialect] = {"cloudformation": "ecs"}


def _nothing(findings: Findings) -> str:
    left = f"; ignored: {', '.join(findings.ignored)}" if findings.ignored else ""
    if any(MADE_BY_ANOTHER in kind for kind in findings.ignored):
        left += "; give what makes them: kubectl get deploy,sts,ds,job -o json"
    return f"nothing in it runs as a container{left}"


def _compose(found: list[Found], question: ReadQuestion, findings: Findings) -> Drafts:
    files = [(each.source, each.node) for each in found]
    return read_compose(files, question.env, question.profile, findings)


def _kubernetes(found: list[Found], question: ReadQuestion, findings: Findings) -> Drafts:
    return read_manifests([each.node for each in found], _name(question), findings)


def _ecs(found: list[Found], question: ReadQuestion, findings: Findings) -> Drafts:
    nodes: list[Value] = []
    for each in found:
        whole = each.dialect == "cloudformation"
        nodes += Template(each.node, findings).documents() if whole else [each.node]
    return read_tasks(nodes, _name(question), findings)


def _terraform(found: list[Found], question: ReadQuestion, findings: Findings) -> Drafts:
    name, plans = _name(question), [planned(each.node, findings) for each in found]
    tasks = [each for plan in plans for each in plan.tasks]
    manifests = [each for plan in plans for each in plan.manifests]
    parts = read_tasks(tasks, name, findings).parts if tasks else []
    if manifests:
        parts += read_manifests(manifests, name, findings).parts
    return Drafts(name=name, parts=parts)


def _own(found: list[Found], _: ReadQuestion, findings: Findings) -> Drafts:
    for each in found[1:]:
        findings.mistake(each.node.place, "", "one application of one's own at a time")
    return read_own(found[0].node)


def _name(question: ReadQuestion) -> str:
    """The name of what is read: that of its first file, or of its folder."""
    first = question.files[0]
    name = first.resolve().name if first.is_dir() else first.stem
    return name.strip("-") or "application"


_READERS: dict[Dialect, Callable[[list[Found], ReadQuestion, Findings], Drafts]] = {
    "compose": _compose,
    "kubernetes": _kubernetes,
    "ecs": _ecs,
    "cloudformation": _ecs,
    "terraform": _terraform,
    "own": _own,
}
