"""`sim example`: the scenario scripts that come along, to run and to change."""

import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import sim
from sim.cli.options import Json
from sim.cli.screen import as_json, hint, say, table, wrote
from sim.core.description import description
from sim.core.names import unknown
from sim.core.question import BadInput, Question, Typed

INSTALLED = Path(sim.__file__).parent / "examples"
"""Where a wheel has them; in a clone they are in `scenarios/`."""


@description
class ExampleQuestion(Question):
    """Which scripts come along, and where is one to start from?"""

    name: Annotated[str, Typed(argument=True, shape="NAME")] = ""
    """Script to copy into this folder, with the files that it reads; none: list them."""


def command(question: ExampleQuestion, to: Json) -> int:
    """List the scripts, or copy one."""
    scripts = {path.stem: path for path in sorted(_folder().glob("*.py"))}
    if not question.name:
        _list(scripts, as_data=to.json)
        return 0
    if question.name not in scripts:
        raise BadInput(str(unknown("name", question.name, scripts)))
    copied = _copied(scripts[question.name])
    if to.json:
        as_json({"files": [str(path) for path in copied]})
        return 0
    wrote(*copied)
    hint(f"python {copied[0]}")
    return 0


def _folder() -> Path:
    return INSTALLED if INSTALLED.is_dir() else INSTALLED.parent.parent / "scenarios"


def _list(scripts: dict[str, Path], *, as_data: bool) -> None:
    asked = {name: _question(path) for name, path in scripts.items()}
    if as_data:
        as_json([{"name": name, "question": words} for name, words in asked.items()])
        return
    table(["name", "question"], [[name, words] for name, words in asked.items()])
    say("sim example NAME copies one into this folder.")


def _question(script: Path) -> str:
    return script.read_text(encoding="utf-8").split('"""')[1].splitlines()[0]


def _copied(script: Path) -> list[Path]:
    """The script and what it reads beside it, in the present folder; nothing is overwritten.

    Raises:
        BadInput: one of them is there already.
    """
    text = script.read_text(encoding="utf-8")
    read = [path for path in sorted(script.parent.iterdir()) if f'"{path.name}"' in text]
    targets = [Path(path.name) for path in (script, *read)]
    there = [str(path) for path in targets if path.exists()]
    if there:
        raise BadInput(f"{', '.join(there)}: there already, and left as it is")
    with ExitStack() as undone:
        for path, target in zip((script, *read), targets, strict=True):
            undone.callback(_remove, target)
            if path.is_dir():
                shutil.copytree(path, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(path, target)
        undone.pop_all()
    return targets


def _remove(target: Path) -> None:
    """What was not copied whole would be in the way of the next copy."""
    if target.is_dir():
        shutil.rmtree(target, ignore_errors=True)
    else:
        target.unlink(missing_ok=True)
