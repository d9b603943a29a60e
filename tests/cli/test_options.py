"""What holds for the options of every verb, whatever it asks."""

import inspect
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from pydantic_core import SchemaError
from typer.testing import CliRunner, Result

import sim
from sim.cli.app import MODULES, VERBS, app
from sim.core.question import Typed, default, help_of, typed

ASKED = {
    "density": "density",
    "startup": "startup",
    "storm": "storm",
    "lifecycle": "lifecycle",
    "scale": "scale_out",
}
"""The function of each verb that has one."""


def call(*words: str | Path) -> Result:
    """Run a verb in this process."""
    return CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)


@cache
def kinds(verb: str) -> list[Any]:
    """The descriptions of what a verb takes."""
    hints = get_type_hints(import_module(f"sim.cli.{MODULES.get(verb, verb)}").command)
    return [kind for name, kind in hints.items() if name != "return"]


def asked(verb: str) -> Any:
    """The question among them; files of one's own stand before it."""
    return next(kind for kind in kinds(verb) if kind.__name__.endswith("Question"))


hints_of = cache(get_type_hints)

FIELDS = [(verb, kind, name) for verb in VERBS for kind in kinds(verb) for name in help_of(kind)]
VALUES = [
    (verb, mark.name, hints_of(kind)[name])
    for verb, kind, name in FIELDS
    if not (mark := typed(kind, name)).argument and not mark.repeats and not mark.python
    if hints_of(kind)[name] is not bool
]


@pytest.mark.parametrize("verb", VERBS)
def test_every_field_has_an_option_with_its_help_and_its_default(verb: str) -> None:
    """Nothing is asked that cannot be typed, and nothing is told twice."""
    shown = " ".join(call(verb, "--help").stdout.split())

    for kind in kinds(verb):
        for name, told in help_of(kind).items():
            mark, first = typed(kind, name), default(kind, name)
            if mark.python:  # said in Python only
                continue
            assert told, name
            assert told.replace("`", "").split()[0] in shown, name
            assert mark.argument or f"--{mark.name}" in shown
            if isinstance(first, str | int | float) and first and not isinstance(first, bool):
                as_typed = str(first) if mark.shown is None else mark.shown(first)
                told_so = f"[default: {as_typed}]" in shown.replace("- ", "-")  # cut at a hyphen
                assert told_so or mark.argument, name


@pytest.mark.parametrize(
    "words",
    ["run EMPTY", "density --out EMPTY", "density --with EMPTY", "instances --update EMPTY"],
)
def test_nothing_is_no_value(words: str) -> None:
    """Least of all the folder that one is in, which a path of no letters would be."""
    typed_words = words.split()
    done = call(*["" if word == "EMPTY" else word for word in typed_words])

    assert done.exit_code == 2
    assert "'' is not allowed; it is empty" in done.stderr
    with pytest.raises(ValueError, match="files: '' is not allowed"):
        sim.read("")


@pytest.mark.parametrize(("verb", "function"), ASKED.items())
def test_the_function_has_the_defaults_of_the_options(verb: str, function: str) -> None:
    """And their docstrings; every keyword but what is said of files is an option."""
    answers = getattr(sim, function)
    question = asked(verb)
    parameters = inspect.signature(answers).parameters

    assert sorted(parameters) == sorted(help_of(question))
    for name, parameter in parameters.items():
        assert parameter.default == (
            inspect.Parameter.empty if typed(question, name).argument else default(question, name)
        )
        assert f"    {name}: {help_of(question)[name].split()[0]}" in answers.__doc__


@pytest.mark.parametrize(("verb", "option", "kind"), VALUES)
def test_an_option_that_is_typed_twice_is_refused_not_dropped(
    verb: str, option: str, kind: object
) -> None:
    """With every other mistake of the line."""
    arguments = ["x"] * sum(typed(k, n).argument for v, k, n in FIELDS if v == verb)
    result = call(verb, *arguments, f"--{option}", "1", f"--{option}", "2")

    assert result.exit_code == 2, kind
    assert f"{option}: given 2 times; one value is allowed" in result.stderr


@pytest.mark.parametrize(
    ("words", "idle"),
    [
        ("density --by reservation --load 0.2", "load"),
        ("density --by reservation --slowdown 2", "slowdown"),
        ("density --by reservation --window 2s", "window"),
        ("density --by reservation --seed 3", "seed"),
        ("density --by reservation --replications 3", "replications"),
        ("density --by reservation --use-on docker", "use-on"),
        ("startup --platform ecs --platform vm --lazy", "lazy"),
        ("startup --platform fargate --network bridge", "network"),
        ("startup --platform ecs --host m5.metal", "host"),
        ("startup --platform eks-fargate --instance m5.large", "instance"),
        ("startup --platform vm --host m5.metal --instance m5.large", "instance"),
        ("storm --runtime docker --memory 1GiB", "memory"),
        ("scale --platform eks-fargate --instance m5.large", "instance"),
        ("scale --from 9 --to 3 --services 1", "services"),
        ("lifecycle . --platform fargate --instance m5.large", "instance"),
        ("sweep one.yaml --grid image.mib=1,2 --points 4", "points"),
        ("sweep one.yaml --grid image.mib=1,2 --spread sobol", "spread"),
        ("run one.yaml --cluster tcp://127.0.0.1:1 --jobs 2", "jobs"),
        ("validate --live --shipped", "shipped"),
        ("validate --docs . --json", "json"),
    ],
)
def test_an_option_without_effect_is_refused(words: str, idle: str, tmp_path: Path) -> None:
    """As a field of a scenario file is, also where its default was typed; nothing is written."""
    (tmp_path / "one.yaml").write_text("name: one\nplatform: ecs\n", encoding="utf-8")
    verb, *rest = words.replace("one.yaml", str(tmp_path / "one.yaml")).split()
    out = ["--out", tmp_path / "out"] if any(n == "out" for v, _, n in FIELDS if v == verb) else []
    result = call(verb, *rest, *out)

    assert result.exit_code == 2
    assert f"{idle}: not allowed" in result.stderr
    assert not (tmp_path / "out").exists()


def test_several_platforms_are_all_answered(tmp_path: Path) -> None:
    """Named once each, in the order of the table."""
    words = ["--platform", "fargate", "--platform", "docker", "--platform", "fargate"]
    result = call("startup", *words, "--replications", 1, "--out", tmp_path)
    both = sim.startup(platform=("fargate", "docker"), replications=1)

    assert result.exit_code == 0
    assert "too few starts for a median" in result.stdout
    assert [row.platform for row in both.totals()] == ["docker", "docker", "fargate"]
    assert call("startup", *words, "--platform", "all").exit_code == 2


def test_mistakes_of_several_kinds_come_in_one_message(tmp_path: Path) -> None:
    """Mistakes of fields, of fields that do not go together, and of what is not a question's."""
    (tmp_path / "file").touch()
    words = ["--tasks", "0", "--cpu", "1x", "--platform", "ec2", "--lazy", "--seed", "1"]
    more = ["--seed", "2", "--require", "soon", "--out", tmp_path / "file"]
    told = call("startup", *words, *more).stderr

    for name in ("tasks", "cpu", "lazy", "seed", "require", "out"):
        assert f"{name}: " in told
    assert told.count("error:") == 1


def test_python_says_the_same_lines() -> None:
    """As a ValueError, a keyword that is not there too; a value without one is a TypeError."""
    with pytest.raises(ValueError, match="not allowed on ec2") as told:
        sim.startup(platform="ec2", lazy=True, tasks=0, host="9")

    assert [line.partition(":")[0] for line in str(told.value).splitlines()] == [
        "host",
        "tasks",
        "lazy",
    ]
    with pytest.raises(ValueError, match="tusks: there is no such field; did you mean 'tasks'"):
        sim.startup(tusks=1)
    with pytest.raises(TypeError, match="'java' is given without a name; write startup"):
        sim.startup("java")


def test_a_mistaken_field_hides_only_what_hangs_on_it() -> None:
    """Where `--from` is wrong, nothing is said of how `--to` compares with it."""
    told = call(
        "scale", "--from", "x", "--to", "0", "--platform", "eks-cas", "--image", "no"
    ).stderr

    assert "from: 'x'" in told
    assert "image: 'no'" in told
    assert "to:" not in told


def test_how_a_field_is_typed_is_read_from_all_its_marks() -> None:
    """The outer ones win."""
    question = asked("scale")

    assert typed(question, "begin") == Typed(name="from", shape="<integer>")
    assert typed(question, "quotas").repeats


def test_a_message_can_be_read_whatever_was_typed() -> None:
    """At most 2 kB, and what was left out is counted."""
    from sim.cli.options import clipped

    assert len(clipped("x" * 10**6)) < 600
    many = clipped("\n".join(["a field is wrong"] * 10_000))
    assert len(many) < 2000
    assert many.splitlines()[-1] == f"and {10_000 + 1 - len(many.splitlines())} more"
    assert len(clipped("\n".join(["é" * 400] * 10)).encode()) < 2000
    assert len("       ".join(clipped("\n" * 10**5).splitlines(keepends=True))) < 2000
    assert len(clipped("\0\x85\x1b" * 400).encode()) < 2000  # as it will be printed
    assert clipped("one\ntwo") == "one\ntwo"


def test_ctrl_c_while_validators_are_made_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pydantic makes an error of its own of it, within the first second of a verb."""

    def interrupted(*_: object, **__: object) -> None:
        raise SchemaError("Error building `literal` serializer:\n  KeyboardInterrupt: ")

    monkeypatch.setattr("sim.cli.options.ask", interrupted)
    done = CliRunner().invoke(app, ["instances"])

    assert done.exit_code == 130
    assert done.stderr.strip() == "stopped"
