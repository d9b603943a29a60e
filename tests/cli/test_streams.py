"""What reaches a terminal: all that is said, in the signs it has, and nothing that it obeys."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from clocks import HANGS
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from sim.cli import main
from sim.cli.app import app
from sim.cli.streams import visible, visible_in_json
from sim.experiment.storage.whole_file import in_words, write_whole

HOSTILE = "\x1b]0;owned\x07\x9b31m\u202ered\u2028"


@given(text=st.text())
def test_nothing_is_left_that_a_terminal_would_obey(text: str) -> None:
    """Neither as text, of which what can be seen stays as it is, nor as JSON, which stays equal."""
    shown, kept = visible(text), visible_in_json(json.dumps(text, ensure_ascii=False))

    for each in (shown, kept):
        assert all(sign.isprintable() or ord(sign) > 0x9F or sign in "\n\t" for sign in each)
    assert json.loads(kept) == text
    if text.isprintable():
        assert shown == text


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_file_of_a_stranger_does_not_speak_to_the_terminal(
    form: list[str], tmp_path: Path
) -> None:
    """Names of services and images, in tables, notes and JSON."""
    path = tmp_path / "app.json"
    services = {f"web{HOSTILE}": {"image": f"shop/web{HOSTILE}"}}
    path.write_text(json.dumps({"services": services}))
    done = CliRunner().invoke(app, ["read", str(path), *form])

    assert done.exit_code == 0
    assert "owned" in done.stdout
    assert not set(HOSTILE) & {*"\x1b\x07\x9b\u202e\u2028"} & set(done.output)


def test_a_message_names_a_file_without_obeying_it(tmp_path: Path) -> None:
    """Whatever it is called."""
    done = CliRunner().invoke(app, ["run", str(tmp_path / HOSTILE)])

    assert done.exit_code == 2
    assert r"\x1b]0;owned\x07" in done.stderr
    assert "\x1b" not in done.stderr


def test_a_terminal_without_unicode_gets_an_answer(tmp_path: Path) -> None:
    """A locale of 1990, or a pipe on Windows: the rule of a table is made of hyphens."""
    path = tmp_path / "own.yaml"
    path.write_text("application: shop\nparts: {web: {image: 'shop/wéb', memory: 1GiB, cpu: 1}}\n")
    for form in ([], ["--json"]):
        done = subprocess.run(
            [sys.executable, "-m", "sim", "read", str(path), *form],
            env=os.environ | {"PYTHONIOENCODING": "ascii"},
            capture_output=True,
            text=True,
            check=False,
        )

        assert (done.returncode, done.stderr) == (0, "")
        assert "w\\xe9b" in done.stdout or json.loads(done.stdout)["services"][0]["image"]
        assert "----" in done.stdout or form


@pytest.mark.parametrize("width", ["0", "9" * 5000, "\u00b2"])
def test_a_terminal_of_no_width_gets_an_answer(
    width: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As wide as if nothing had been said (`docker exec` of a terminal without a size)."""
    monkeypatch.setattr(sys, "argv", ["sim", "explain", "app"])
    monkeypatch.setenv("COLUMNS", width)
    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("app: a program with start-up work")


def test_a_help_that_cannot_be_written_ends_in_a_sentence() -> None:
    """The disk is full (`sim --help > /dev/full`)."""
    command = f"{sys.executable} -m sim --help > /dev/full"
    done = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True, check=False)

    assert (done.returncode, done.stderr) == (2, "error: No space left on device\n")


CLOSED = """
import os, subprocess, sys
from sim.cli.streams import make_ready

make_ready()
print("nowhere"), print("nowhere", file=sys.stderr)
worker = [sys.executable, "-c", "import os; [os.fstat(number) for number in (0, 1, 2)]"]
sys.exit(subprocess.call(worker) or open(os.devnull).fileno() <= 2)
"""


@pytest.mark.parametrize("closed", ["<&- >&- 2>&-", "2>&-"])
def test_what_the_shell_has_closed_leads_nowhere(closed: str) -> None:
    """No file of results gets the number of standard error, and a worker process has one."""
    done = subprocess.run(["sh", "-c", f"{sys.executable} -c '{CLOSED}' {closed}"], check=False)

    assert done.returncode == 0


@pytest.mark.parametrize(("words", "code"), [("--help", 141), ("density --host 1x1 2>&1", 2)])
def test_a_reader_who_has_gone_is_no_requirement_that_is_not_met(words: str, code: int) -> None:
    """Whatever was to be said; a remark that nobody reads changes nothing."""
    reads, writes = os.pipe()
    os.close(reads)
    command = f"exec {sys.executable} -m sim {words}"
    done = subprocess.run(
        ["sh", "-c", command], stdout=writes, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writes)

    assert (done.returncode, done.stderr) == (code, "")


LITTLE = """
from pathlib import Path
from sim.cli.script import script

@script()
def main(replications: int, seed: int, out: Path) -> None:
    print("little")

main()
"""


@pytest.mark.parametrize(
    "words", ["-m sim read compose.yaml --json", "-m sim instances m5.large", "little.py"]
)
@pytest.mark.parametrize(
    ("where", "code", "told"),
    [("| true", 141, ""), ("> /dev/full", 2, "error: No space left on device\n")],
)
def test_an_answer_that_is_still_in_a_buffer_is_no_noise_as_python_ends(
    words: str, where: str, code: int, told: str, tmp_path: Path
) -> None:
    """However little was said, and whoever said it: no 120 in Python's own words."""
    (tmp_path / "compose.yaml").write_text("services: {web: {image: 'nginx:1.27'}}\n")
    (tmp_path / "little.py").write_text(LITTLE)
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} {words} {where}; exit ${{PIPESTATUS[0]}}"],
        env=buffered,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (code, told)


def test_a_pipe_is_written_to_where_somebody_reads(tmp_path: Path) -> None:
    """It stays a pipe; where nobody reads, a sentence instead of waiting for ever."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="nobody reads from this pipe") as refused:
        write_whole(pipe, "text")
    assert in_words(refused.value) == f"{pipe}: nobody reads from this pipe"

    said: list[str] = []
    reader = threading.Thread(target=lambda: said.append(pipe.read_text()))
    reader.start()
    while not said:
        try:
            write_whole(pipe, "text" * 100_000)
            break
        except OSError:  # it has not begun yet
            continue
    reader.join(HANGS)
    assert said == ["text" * 100_000]
    assert pipe.is_fifo()


def test_no_number_of_the_operating_system_is_said() -> None:
    """With the file or without."""
    assert in_words(OSError(5, "Input/output error")) == "Input/output error"
    assert in_words(OSError(5, "Input/output error", "x")) == "x: Input/output error"
    assert in_words(ValueError("a")) == "a"


def test_a_verb_draws_into_files_whatever_the_shell_draws_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A notebook's shell has a way to draw that is none elsewhere."""
    monkeypatch.setenv("MPLBACKEND", "module://of.a.notebook")
    monkeypatch.setattr(sys, "argv", ["sim", "--version"])
    with pytest.raises(SystemExit):
        main()

    assert os.environ["MPLBACKEND"] == "agg"
