"""What fits on a screen of 80 columns, and what gives way where it does not."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from sim.cli import screen
from sim.cli.app import VERBS, app
from sim.cli.columns import laid_out, stops, won
from sim.cli.help import EXAMPLES, GROUPS

HEADS = ["platform", "fit", "", "stopped by", "n"]
ROWS = [["eks-fargate", "1", "========", "1 per microVM", "30"]]


def drawn(most: int, spare: Sequence[str] = ("", "n")) -> list[str]:
    lines = laid_out(HEADS, ROWS, most=most, right="lrllr", spare=spare)
    return [line.plain for line in lines]


@pytest.mark.parametrize(
    ("most", "heads"),
    [
        (80, ["platform", "fit", "stopped", "by", "n"]),
        (40, ["platform", "fit", "stopped", "by", "n"]),  # the bar has gone
        (33, ["platform", "fit", "stopped", "by"]),  # and then the count
    ],
)
def test_what_can_be_spared_goes_in_its_order(most: int, heads: list[str]) -> None:
    """Bars first, then counts; the key and what stops it stay."""
    lines = drawn(most)

    assert lines[0].split() == heads
    assert ("=" in lines[-1]) == (most == 80)
    assert max(map(cell_len, lines)) <= most


def test_a_text_is_folded_between_words_once_nothing_can_be_spared() -> None:
    lines = drawn(25)

    assert [line.split() for line in lines[-2:]] == [["eks-fargate", "1", "1", "per"], ["microVM"]]


words = st.text("abc", min_size=1, max_size=9)
texts = st.lists(words, min_size=1, max_size=6).map(" ".join)


@given(st.lists(st.tuples(words, texts, words), min_size=1, max_size=6), st.integers(40, 100))
def test_no_word_of_a_table_is_lost_and_it_fits_where_its_names_do(
    rows: list[tuple[str, str, str]], most: int
) -> None:
    """Whatever stands in it."""
    lines = laid_out(["platform", "why", "count"], rows, most=most, right="llr")
    seen = " ".join(line.plain for line in lines).split()

    assert max(cell_len(line.plain) for line in lines) <= most
    assert sorted(seen[3:]) == sorted(
        [lines[1].plain, *(word for row in rows for cell in row for word in cell.split())]
    )


def test_colours_are_there_for_who_wins_and_what_stops_and_only_on_a_terminal() -> None:
    """NO_COLOR takes them away."""
    (line,) = laid_out(["platform", "fit"], [[won("ecs"), stops("0")]], most=80)[2:]
    shown = {}
    for name, options in {
        "terminal": {"force_terminal": True, "color_system": "standard"},
        "no colour": {"force_terminal": True, "no_color": True},
        "pipe": {"force_terminal": False},
    }.items():
        console = Console(width=80, **options)  # type: ignore[arg-type]
        with console.capture() as captured:
            console.print(line)
        shown[name] = captured.get()

    assert "\x1b[1;32mecs" in shown["terminal"]
    assert "\x1b[33m0" in shown["terminal"]
    assert "32m" not in shown["no colour"]
    assert "\x1b" not in shown["pipe"]


def test_the_answer_is_said_again_where_it_has_scrolled_away(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Not where it still stands there."""
    for rows in (1, 30):
        screen.lead("The answer.")
        screen.table(["platform"], [["ecs"]] * rows)
        screen.wrote("a file")
        lines = capsys.readouterr().out.splitlines()

        assert lines[0] == "The answer."
        assert lines[-1] == ("wrote a file" if rows == 1 else "The answer.")


def test_the_path_of_a_file_is_never_folded(capsys: pytest.CaptureFixture[str]) -> None:
    """However long it is."""
    path = Path("results") / ("long" * 50) / "picture.png"
    screen.wrote(path)

    assert capsys.readouterr().out == f"wrote {path}\n"


def test_a_bare_dash_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    """Below its table, and only there."""
    screen.table(["platform", "p95"], [["ecs", "-"]])
    with_dash = capsys.readouterr().out
    screen.table(["platform", "p95"], [["ecs", "3 s"]])
    without = capsys.readouterr().out

    assert with_dash.splitlines()[-1] == "  -: does not apply, or there are too few runs to say"
    assert len(without.splitlines()) == len(with_dash.splitlines()) - 1


WIDE = ["parameters fargate", "read c.yaml", "plan c.yaml --no-start --explain"]
NARROW = [
    *WIDE,
    "density --by reservation",
    "density --by reservation --explain",
    "startup --replications 2 --platform docker --platform fargate",
    "explain fargate.provision",
    "image node:22",
    "instances m5.*",
    "example",
    "migrate vms.csv --no-start --to ec2,ecs --instance m5.xlarge --explain",
]
"""What is typed at 160 columns, and at 80."""


@pytest.mark.parametrize(
    ("words", "columns"), [*((each, 160) for each in WIDE), *((each, 80) for each in NARROW)]
)
def test_a_verb_fits_on_the_screen(
    words: str, columns: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the paths of files; the names of rows are whole on either."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text("services: {web: {image: 'nginx:1.27'}, db: {image: redis}}")
    (tmp_path / "vms.csv").write_text("name,vcpu,memory_gib,os\nweb-1,4,8,Ubuntu\n")
    said = CliRunner().invoke(app, words.split(), catch_exceptions=False).stdout

    assert said
    assert [line for line in said.splitlines() if cell_len(line) > columns] == []


def call(*words: str) -> str:
    return CliRunner().invoke(app, words, catch_exceptions=False).stdout


def test_help_has_each_verb_once_below_a_heading() -> None:
    """None is lost, and none is cut."""
    told = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80"}).stdout
    on_one_line = " ".join(told.split())

    for name, text in VERBS.items():
        assert [line.split()[:1] for line in told.splitlines()].count([name]) == 1
        assert f"{name} {text}" in on_one_line


def test_every_verb_has_examples_that_can_be_typed() -> None:
    """The verb and each option is one that there is; the verb's help shows them."""
    grouped = [verb for verbs in GROUPS.values() for verb in verbs]

    assert len(set(grouped)) == len(grouped)
    for verb, examples in EXAMPLES.items():
        told = call(verb, "--help")
        assert verb in grouped
        for example in examples:
            assert example in told
            for word in example.split():
                assert not word.startswith("--") or f"{word} " in told, example


def test_types_are_named_as_people_do() -> None:
    """Not as Python does."""
    for verb in VERBS:
        told = call(verb, "--help")
        assert "str]" not in told, verb
        assert "<str>" not in told, verb
        assert "TEXT" not in told, verb


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("sim den", "density"),
        ("sim density --cpu-o", "--cpu-overcommit"),
        ("sim startup --platform eks-f", "eks-fargate"),
        ("sim density --instance m7g.2x", "m7g.2xlarge"),
    ],
)
def test_a_shell_completes_verbs_options_and_names(line: str, offered: str) -> None:
    """As bash asks for it."""
    environment = {"_SIM_COMPLETE": "complete_bash", "COMP_WORDS": line}
    environment["COMP_CWORD"] = str(len(line.split()) - 1)
    done = CliRunner().invoke(app, [], env=environment, prog_name="sim")

    assert offered in done.stdout.split()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_can_be_had_for_a_shell(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", f"/bin/{shell}")
    code = "import sys; sys.argv[0] = 'sim'; from sim.cli import main; main()"
    environment = {**os.environ, "_SIM_COMPLETE": f"source_{shell}"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment
    )

    assert f"_SIM_COMPLETE=complete_{shell}" in done.stdout


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("service.cpu", ["vCPU", "java 2 vCPU", "density", "startup", "--cpu"]),
        ("fargate.provision", ["13.77 s (12.4 to 21.2)", "C: derived", "public records", "eks"]),
        ("cpu-overcommit", ["Reserved vCPUs", "density"]),
        ("eks-fargate", ["EKS on Fargate", "has one of its own"]),
    ],
)
def test_explain_says_what_a_parameter_is_and_where_it_is_used(name: str, parts: list[str]) -> None:
    """A figure, a field of a file, an option or a platform."""
    told = " ".join(call("explain", name).split())

    assert all(part in told for part in parts), told


def test_explain_knows_what_was_meant() -> None:
    done = CliRunner().invoke(app, ["explain", "fargate.provison"])

    assert done.exit_code == 2
    assert "did you mean 'fargate.provision'" in done.stderr


def test_open_finds_the_latest_run_which_is_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By that word, by the scenario's name, and through the link; the page is made once."""
    monkeypatch.chdir(tmp_path)
    call("density", "--by", "reservation", "--json")
    pages = {call("open", name) for name in ("latest", "density", "results/density/latest")}

    (page,) = pages
    assert Path(page.strip()).is_file()
    assert (tmp_path / "results" / "density" / "latest" / "summary.csv").is_file()
    assert "latest" not in page


def test_validate_prints_a_summary_and_every_case_where_that_is_asked_for(tmp_path: Path) -> None:
    """The sentence first."""
    (tmp_path / "mine.csv").write_text("layers,unpacked_mb,wire_mb,pull_s_median\n9,1180,,6.6\n")
    asked = ("validate", "--no-shipped", "--data", str(tmp_path / "mine.csv"))
    short, long = call(*asked), call(*asked, "--cases")

    assert short.startswith("Against real measurements the model is off by")
    assert short.splitlines()[0] == long.splitlines()[0]
    assert "9 layers, 1180 MB" in long
    assert "9 layers, 1180 MB" not in short


def test_columns_of_tables_have_units_as_they_are_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """However the column of the data is called."""
    screen.table(["usd_per_month", "vcpu"], [["140", "4"]])

    assert "USD per month" in capsys.readouterr().out.splitlines()[1]


def test_json_has_null_for_what_is_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    """However deep it lies; all else stays."""
    screen.as_json({"a": [float("nan"), {"b": (float("inf"), 1.5, "x", None, True)}]})

    assert json.loads(capsys.readouterr().out) == {"a": [None, {"b": [None, 1.5, "x", None, True]}]}
