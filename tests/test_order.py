"""Who writes the same in another order is answered the same, to the last digit."""

import csv
import io
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from permuted import DIALECTS, by_rows, permuted, shop, written
from records_of_starts import POD_TRUTH, TRUTH, cli_v2, moments, pods
from typer.testing import CliRunner
from worlds import docker, machine, service

import sim
from sim.cli.app import app as cli
from sim.core.names import in_name_order
from sim.experiment import Burst, Rollout, Scenario
from sim.units import MiB
from sim.workload import Application, Call, EntryPoint, Fault, Operation, Part, Wait

INVENTORY = Path("scenarios/inventories/forty_synthetic_vms.csv")
FEW = ("--replications", "2", "--jobs", "1")
VERBS = {
    "read": ("read", "FILE"),
    "density": ("density", "FILE"),
    "plan": ("plan", "FILE", "--explain", *FEW),
    "startup": ("startup", "FILE", *FEW),
    "scale": (
        *("scale", "FILE", "--service", "SERVICE", "--to", "20", *FEW),
        *("--platform", "ecs-asg", "--platform", "eks-karpenter", "--platform", "fargate"),
    ),
    "fail": (
        *("fail", "FILE", "--service", "SERVICE", "--tasks", "4", *FEW),
        *("--platform", "ecs", "--platform", "eks"),
    ),
    "neighbours": ("neighbours", "FILE", "--service", "SERVICE", "--window", "3s", *FEW),
    "calls": ("calls", "FILE", "--rate", "5", "--requests", "200", "--platform", "ecs", *FEW),
    "run": ("run", "SCENARIO", *FEW),
}


def answered(words: Sequence[str], folder: Path) -> Any:
    """What a verb says as JSON, without the order of its rows, and how it ends."""
    kept = () if words[0] == "read" else ("--out", str(folder / "out"))
    done = CliRunner().invoke(cli, [*words, "--json", *kept])

    assert done.exit_code in (0, 1, 3), done.output
    return done.exit_code, by_rows(json.loads(done.stdout.replace(str(folder), "")))


def asked(verb: str, dialect: str, seed: int, tmp_path: Path) -> list[Any]:
    """The same application twice, the second time in another order."""
    draw = random.Random(f"{dialect}/{seed}")
    made = shop(draw)
    data = DIALECTS[dialect](made)
    answers = []
    for turn, each in enumerate((data, permuted(data, draw))):
        folder = tmp_path / f"{verb}-{seed}-{turn}"
        folder.mkdir()
        (folder / "file.yaml").write_text(written(each))
        (folder / "scenario.yaml").write_text(scenario(seed, turned=bool(turn)))
        put = {
            "FILE": str(folder / "file.yaml"),
            "SCENARIO": str(folder / "scenario.yaml"),
            "SERVICE": min(made),
        }
        answers.append(answered([put.get(word, word) for word in VERBS[verb]], folder))
    return answers


def scenario(seed: int, *, turned: bool) -> str:
    """All of it on some platform, with two faults at one instant where somebody notices."""
    platform = ("docker", "ecs", "eks", "fargate", "vm")[seed % 5]
    lines = ["name: x", f"platform: {platform}", "application: file.yaml"]
    if platform in ("ecs", "eks"):
        faults = ["{at: 40s, kill: host, which: 1}", "{at: 40s, kill: host, which: 0}"]
        faults = faults[::-1] if turned else faults
        lines += ["host: {count: 6}", f"faults: [{', '.join(faults)}]"]
    return "\n".join(lines[::-1] if turned else lines)


def test_what_has_no_order_is_in_that_of_its_names() -> None:
    """Ten comes before two, as in a list of files; what has no name is known by all it says."""
    assert in_name_order(["w2", "w10", "a"]) == ("a", "w10", "w2")
    assert in_name_order([443, 80]) == (80, 443)
    one, two = Fault(at=3.0, what="host"), Fault(at=3.0, what="process")
    assert in_name_order([two, one, two]) == in_name_order([one, two, two]) == (one, two, two)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_file_in_another_order_is_the_same_application(dialect: str, tmp_path: Path) -> None:
    """Equal in every field, sixty files of each kind: so every answer that rests on it is."""
    file = tmp_path / "file.yaml"
    for seed in range(60):
        draw = random.Random(f"{dialect}/{seed}")
        data = DIALECTS[dialect](shop(draw))
        file.write_text(written(data))
        first = sim.read(file)
        file.write_text(written(permuted(data, draw)))

        assert sim.read(file) == first, seed


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_answers_the_same(verb: str, tmp_path: Path) -> None:
    """The same file in another order: JSON that is equal but for the order of rows."""
    dialects = [*DIALECTS]
    for seed in (1, 2):
        dialect = "own" if verb == "calls" else dialects[(seed + len(verb)) % len(dialects)]
        first, second = asked(verb, dialect, seed, tmp_path)

        assert second == first, (dialect, seed)


@pytest.mark.long
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_verb_answers_the_same_often(verb: str, dialect: str, tmp_path: Path) -> None:
    """The same, more often."""
    if verb == "calls" and dialect != "own":
        pytest.skip("only a file of one's own has calls")
    for seed in range(10, 20):
        first, second = asked(verb, dialect, seed, tmp_path)

        assert second == first, seed


def inventory(seed: int) -> list[list[str]]:
    """Some of the forty VMs, several of one size; the first row has the names of the columns."""
    head, *rows = csv.reader(INVENTORY.read_text().splitlines())
    some = random.Random(seed).sample(rows, 9)
    same = [[f"copy-{number}", *some[0][1:]] for number in range(3)]
    return [head, *some, *same]


def as_csv(table: list[list[str]]) -> str:
    """A table as a file."""
    text = io.StringIO()
    csv.writer(text).writerows(table)
    return text.getvalue()


@pytest.mark.parametrize("words", [("--no-start",), FEW])
def test_rows_and_columns_of_an_inventory_have_no_order(
    words: Sequence[str], tmp_path: Path
) -> None:
    """Machines, cost, use and power cut of the same VMs, listed otherwise."""
    for seed in range(6 if words == ("--no-start",) else 1):
        head, *rows = table = inventory(seed)
        draw = random.Random(seed)
        columns = draw.sample(range(len(head)), len(head))
        turned = [head, *draw.sample(rows, len(rows))]
        files = (table, turned, [[row[each] for each in columns] for row in turned])
        answers = []
        for each in files:
            (tmp_path / "vms.csv").write_text(as_csv(each))
            answers.append(answered(["migrate", str(tmp_path / "vms.csv"), *words], tmp_path))

        assert answers[0] == answers[1] == answers[2], seed


@pytest.mark.parametrize(
    ("make", "truth", "key"), [(cli_v2, TRUTH, "tasks"), (pods, POD_TRUTH, "items")]
)
def test_records_of_starts_have_no_order(
    make: Callable[..., str], truth: Any, key: str, tmp_path: Path
) -> None:
    """A fit is the same file, byte for byte."""
    data = json.loads(make(moments(truth, 40, 3)))
    turned = data | {key: random.Random(1).sample(data[key], len(data[key]))}
    fits = []
    for each in (data, turned):
        (tmp_path / "records.json").write_text(json.dumps(each))
        words = ["fit", str(tmp_path / "records.json"), "--out", str(tmp_path / "fit.yaml")]

        assert CliRunner().invoke(cli, words).exit_code == 0
        fits.append((tmp_path / "fit.yaml").read_bytes())

    assert fits[0] == fits[1]


def outcomes(*arrivals: Burst | Rollout) -> list[str]:
    """How each task ends, by its number, with its service."""
    platform = docker(machine(memory=1000 * MiB))
    record = Scenario(name="x", platform=platform, arrivals=arrivals).run(1, 0)
    names = record.services.all()
    ends = (word.partition(":")[0] for word in record.task_outcome)
    return [f"{names[code]} {end}" for code, end in zip(record.task_service, ends, strict=True)]


def test_at_one_instant_names_decide_who_comes_first() -> None:
    """Two that want one port: the one whose name comes first has it, in whatever order they stand.

    At two instants the earlier has it, whatever it is called.
    """
    a, b = (service(name, host_ports=(80,), memory=64 * MiB) for name in ("a", "b"))
    together = [Burst(service=each) for each in (b, a)]
    parts = [Part(service=each) for each in (b, a)]
    for turned in (1, -1):
        whole = Application(name="both", parts=tuple(parts[::turned]))

        assert outcomes(*together[::turned]) == ["a ready", "b refused"]
        assert outcomes(Rollout(application=whole)) == ["a ready", "b refused"]
        late = (Burst(service=a, at=1.0), Burst(service=b))
        assert outcomes(*late[::turned]) == ["b ready", "a refused"]


def test_what_waits_for_another_comes_after_it_whatever_their_names() -> None:
    """An order that is said is kept."""
    a, b = (service(name, host_ports=(80,), memory=64 * MiB) for name in ("a", "b"))
    parts = (Part(service=a, after=(Wait(part="b"),)), Part(service=b))

    assert outcomes(Rollout(application=Application(name="x", parts=parts)))[0] == "b ready"


def test_an_operator_s_order_is_kept() -> None:
    """Who places one after the other has an order, and two of them are two applications."""
    parts = tuple(Part(service=service(name)) for name in ("b", "a"))
    one, two = (Application(name="x", one_by_one=True, parts=each) for each in (parts, parts[::-1]))

    assert [part.name for part in one.parts] == ["b", "a"]
    assert one != two


def test_calls_keep_their_order_but_for_those_made_together() -> None:
    """One after the other is an order; side by side is none."""
    names = ("d", "b", "a", "c")
    how = {"d": "sync", "b": "parallel", "a": "parallel", "c": "sync"}
    calls = tuple(Call(to=name, how=how[name]) for name in names)  # type: ignore[arg-type]
    made = Operation(name="do", cpu=1.0, calls=calls)

    assert [call.to for call in made.calls] == ["d", "a", "b", "c"]


def test_an_entry_has_no_place_among_the_others() -> None:
    """Nor has an operation of a part, nor a port."""
    part = Part(
        service=service("web", host_ports=(90, 80)),
        operations=(Operation(name="tell", cpu=1.0), Operation(name="ask", cpu=1.0)),
    )
    entries = (EntryPoint(to="web.tell"), EntryPoint(to="web.ask", weight=2.0))
    app = Application(name="x", parts=(part,), entries=entries)

    assert app == Application(name="x", parts=(part,), entries=entries[::-1])
    assert [each.name for each in part.operations] == ["ask", "tell"]
    assert part.service.host_ports == (80, 90)
