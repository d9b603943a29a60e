"""Questions as options: what is typed is read, checked at once, and handed to a verb."""

import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from sim.cli.help import panel
from sim.cli.interrupt import STOPPED, is_one, words
from sim.cli.screen import begin, note
from sim.cli.streams import BEGUN, reader_has_gone, visible
from sim.core.description import description
from sim.core.question import (
    BadInput,
    Mistake,
    Question,
    Typed,
    ask,
    default,
    help_of,
    kinds_of,
    metadata,
    names_of,
    typed,
)
from sim.ctrl_c import noted
from sim.experiment.storage.whole_file import in_words
from sim.studies.kinds import Count, Folder

if TYPE_CHECKING:
    from sim.core.fitted import StandIns

MOST, LONGEST = 500, 1700
"""Bytes of a line of a message, and of all of it."""

FILE = (".yaml", ".yml", ".json")
"""What the name of a file ends with, where an app of the catalogue could stand, too."""


@description
class Files:
    """Where an answer goes."""

    out: Folder = Path("results")
    """Folder for the files."""
    json: bool = False
    """JSON on standard output."""


@description
class Simulated(Files):
    """Where an answer goes that was simulated, and what it rests on besides the catalogue."""

    fitted: Annotated[Path | None, Typed(name="with", shape="<file>")] = None
    """Figures from my own starts, as sim fit writes them, instead of the catalogue's."""


@description
class Plotted(Simulated):
    """Where an answer goes that is drawn if that is asked for."""

    plot: bool = False
    """Draw it, too: PNG and SVG beside the tables."""


@description
class Json:
    """Where the answer of a verb goes that writes no files."""

    json: bool = False
    """JSON on standard output."""


@description
class Caveats:
    """Whether an answer says what it rests on."""

    explain: bool = False
    """Say what the answer rests on, and what it leaves out."""


@description
class WorkerOptions(Question):
    """Where runs are made."""

    jobs: Count | None = None
    """Parallel processes on this machine; by default one per core, where that is faster."""
    cluster: Annotated[str | None, Typed(shape="<address>")] = None
    """Address of a Dask scheduler, such as tcp://HOST:8786, to run there instead; or local."""

    def conflicts(self, given: Any) -> Iterator[Mistake]:
        """How many workers a cluster has is not ours to say."""
        if "jobs" in given and self.cluster not in (None, "local"):
            yield Mistake(
                ("jobs", "cluster"), "not allowed beside --cluster, where it has no effect"
            )


def verb(command: Callable[..., int]) -> Callable[..., None]:
    """A function with an option for each field of the descriptions that `command` takes."""
    kinds = {name: kind for name, kind in get_type_hints(command).items() if name != "return"}
    parameters = [_parameter(kind, name) for kind in kinds.values() for name in _listed(kind)]

    def run(**given: Any) -> None:
        raise typer.Exit(_ended(command, list(kinds.values()), given))

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return run


def _listed(kind: type) -> list[str]:
    """Fields as the help lists them."""
    listed = [name for name in names_of(kind) if not typed(kind, name).python]
    return sorted(listed, key=lambda name: typed(kind, name).last)


def _ended(command: Callable[..., int], kinds: list[type], given: dict[str, Any]) -> int:
    """The exit code; bad input is a message and 2, never a traceback."""
    begin()
    try:
        with noted(), _standing_in(kinds, given) as what_it_did:
            code = command(*_asked(kinds, given))
        if line := what_it_did():
            note(line)
        return code
    except BrokenPipeError:
        reader_has_gone()
    except (BadInput, OSError) as error:
        text = clipped(in_words(error)).replace("\n", "\n       ")
        note(f"error: {text}")
        return 2
    except BaseException as error:
        if not is_one(error):
            raise
        note(words(error))
        return STOPPED


@contextmanager
def _standing_in(kinds: list[type], given: dict[str, Any]) -> Iterator[Callable[[], str]]:
    """Let the figures of a fit stand in for the catalogue's; then what they did can be told.

    Raises:
        BadInput: it cannot be read; with all else that is wrong.
    """
    if not (paths := given.get("fitted")) or not paths[-1]:
        yield str
        return
    from sim.files.fitted.reading import read_fit

    try:
        fit = read_fit(paths[-1])
    except BadInput as error:
        wrong = [str(error)]
        try:
            _asked(kinds, given)
        except BadInput as more:
            wrong.append(str(more))
        raise BadInput("\n".join(wrong)) from None
    with fit.standing_in() as figures:
        yield lambda: told(paths[-1], figures)


def _read(app: str) -> object:
    """The app that a file describes; a name as it is."""
    if not app.endswith(FILE):
        return app
    from sim.files.reading import read

    return read(app)


def told(path: str, figures: "StandIns") -> str:
    """What the figures of a fit were, and what they stood in for."""
    taken = [figures.by_key[key] for key in sorted(figures.taken)]
    if not taken:
        return f"{path}: none of its figures is asked for here; it changes nothing"
    return "\n".join(f"with {path}: {figure.told()}" for figure in taken)


def clipped(text: str) -> str:
    """A message that can be read, whatever was typed: its first lines, and no line endless."""
    lines = [_line_clipped(line) for line in text.splitlines()]
    kept: list[str] = []
    size = 0
    for line in lines:
        size += len(line.encode("utf-8", "replace")) + 8  # its end, and how far it is moved in
        if kept and size > LONGEST:
            break
        kept.append(line)
    more = len(lines) - len(kept)
    return "\n".join([*kept, f"and {more} more"] if more else kept)


def _line_clipped(line: str) -> str:
    line = visible(line[: MOST + 1])  # which is longer: what is hidden takes its place in words
    encoded = line.encode("utf-8", "replace")
    return line if len(encoded) <= MOST else f"{encoded[:MOST].decode('utf-8', 'ignore')} ..."


def _asked(kinds: list[type], given: dict[str, Any]) -> list[object]:
    """The descriptions, or all that is wrong with them.

    Raises:
        BadInput: something is.
    """
    _refuse_what_is_no_text(given)
    questions: list[object] = []
    wrong: list[str] = []
    for kind in kinds:
        values = {}
        for name in _listed(kind):
            if (value := given[name]) is None or value == []:
                continue
            mark = typed(kind, name)
            if isinstance(value, list) and not mark.repeats:
                if len(value) > 1:
                    wrong.append(f"{mark.name}: given {len(value)} times; one value is allowed")
                value = value[-1]
            values[name] = _read(value) if name == "app" else value
        try:
            questions.append(ask(kind, values, text=True))
        except BadInput as error:
            wrong.append(str(error))
    if wrong:
        raise BadInput("\n".join(wrong))
    return questions


def _refuse_what_is_no_text(given: dict[str, Any]) -> None:
    """Raise `BadInput` where a shell's bytes were not text."""
    for name, value in given.items():
        for part in value if isinstance(value, list) else [value]:
            try:
                str(part).encode()
            except UnicodeEncodeError:
                typed_as = name.replace("_", "-")
                raise BadInput(f"{typed_as}: {part!a} is not allowed; text in UTF-8") from None


def _parameter(kind: type, name: str) -> inspect.Parameter:
    """As typer takes it: all is text, and None where nothing was typed."""
    mark, initial = typed(kind, name), default(kind, name)
    required = initial is MISSING
    group, completes = panel(kind, name), _completes(kind, name)
    info: Any
    text: Any = list[str]
    if mark.argument:
        text = list[str] if mark.repeats else str
        info = typer.Argument(metavar=mark.shape or None, show_default=False, **completes)
    elif kinds_of(kind)[name] is bool:
        text, flag = bool, f"--{mark.name}"
        flag = f"{flag}/--no-{mark.name}" if initial else flag
        info = typer.Option(flag, show_default=False, rich_help_panel=group)
    else:
        shape = mark.shape or "<text>"
        names = [*([f"-{mark.short}"] if mark.short else []), f"--{mark.name}"]
        info = typer.Option(
            *names,
            metavar=shape,
            show_default=False,
            rich_help_panel=group,
            **completes,
        )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if required else None,
        annotation=Annotated[text if required else text | None, info],
    )


def _completes(kind: type, name: str) -> dict[str, Any]:
    """What a shell completes a value to: the names that are known of it."""
    checks = [getattr(mark, "func", None) for mark in metadata(kind, name)]
    known = next(filter(None, (getattr(check, "known", None) for check in checks)), None)
    if known is None:
        return {}

    def complete(incomplete: str) -> list[str]:
        names = known() if callable(known) else known
        return [each for each in names if each.startswith(incomplete)]

    return {"autocompletion": complete}


def _shown(mark: Typed, initial: object) -> str:
    """A default as it is typed."""
    if initial is True:
        return mark.name
    return str(initial) if mark.shown is None else mark.shown(initial)


def helps(command: Callable[..., int]) -> dict[str, str]:
    """What the help says of each option of a verb; the sources are read for it."""
    kinds = [kind for name, kind in get_type_hints(command).items() if name != "return"]
    return {name: _help(kind, name) for kind in kinds for name in _listed(kind)}


def _help(kind: type, name: str) -> str:
    """The docstring of a field on one line; other fields it names are options here."""
    known = names_of(kind)

    def option(match: "re.Match[str]") -> str:
        return f"--{typed(kind, match[1]).name}" if match[1] in known else match[1]

    told = re.sub(r"`(\w+)`", option, " ".join(help_of(kind)[name].split()))
    initial = default(kind, name)
    if initial is MISSING or initial is False or initial in (None, "", ()):
        return told
    return f"{told}  [default: {_shown(typed(kind, name), initial)}]"


@contextmanager
def runs_on(workers: WorkerOptions, out: Path | None = None) -> Iterator[None]:
    """Where all runs within are made, and kept as they are finished if `out` is given."""
    from sim.experiment.running.progress import waiting_since
    from sim.experiment.running.workers import using

    with waiting_since(BEGUN), using(workers.jobs, workers.cluster, out):
        yield


@contextmanager
def refusals(*outcomes: type[ValueError]) -> Iterator[None]:
    """What cannot be answered is bad input.

    Args:
        outcomes: refusals that are an answer.

    Raises:
        BadInput: it cannot.
    """
    try:
        yield
    except ValueError as error:
        if isinstance(error, (BadInput, *outcomes)):
            raise
        raise BadInput(str(error)) from error
