"""The command line as a user meets it."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from clocks import HANGS
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from sim.catalog.instances.table import forget
from sim.cli.app import app
from sim.cli.screen import table
from sim.core.quantity import shown_plain


def call(words: str, *more: str | Path) -> Result:
    """Run a verb in this process."""
    arguments = [*words.split(), *map(str, more)]
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def rows(result: Result) -> list[dict[str, Any]]:
    """The JSON on standard output."""
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_density_json_has_the_promised_keys_and_platforms(tmp_path: Path) -> None:
    """Every platform, in order, with every key."""
    found = rows(
        call(
            "density --instance m5.xlarge --cpu 0.25 --memory 512MiB --window 2s --json --out",
            tmp_path,
        )
    )
    keys = {"platform", "host", "count", "stopped_by", "next_limit", "limits"}
    keys |= {"memory_used_bytes", "file_pages_bytes"}
    keys |= {"usd_per_container_hour", "count_by_use", "stopped_by_use"}

    assert [row["platform"] for row in found] == [
        "vm",
        "docker",
        "ec2",
        "ecs-bridge",
        "ecs-awsvpc",
        "ecs-awsvpc-trunk",
        "fargate",
        "eks",
        "eks-prefix",
        "eks-fargate",
        "ecs-managed",
        "eks-auto",
        "ec2-spot",
        "fargate-spot",
    ]
    assert all(keys <= set(row) for row in found)
    for row in found:
        assert set(row["limits"][0]) == {"limit", "allows", "gain_if_lifted", "then", "how"}
        assert row["count"] == row["limits"][0]["allows"]
    by_platform = {row["platform"]: row for row in found}
    assert by_platform["fargate"]["host"] == "0.25 vCPU, 512 MiB"
    assert by_platform["fargate"]["count_by_use"] == 1
    assert by_platform["ec2"]["stopped_by"] == "one task per instance"
    assert by_platform["fargate"]["stopped_by"] == "one task per microVM"


def test_density_by_reservation_leaves_the_by_use_keys_out(tmp_path: Path) -> None:
    """What was not asked for is absent, never null."""
    found = rows(call("density --by reservation --json --out", tmp_path))

    assert all("count_by_use" not in row and "stopped_by_use" not in row for row in found)
    assert "null" not in call("density --by reservation --json --out", tmp_path).stdout


def test_density_exits_3_when_not_one_fits_and_still_prints_the_others(tmp_path: Path) -> None:
    """Eight vCPUs do not fit on four, and a new account may not run the types that hold them."""
    result = call("density --cpu 8 --by reservation --json --out", tmp_path)
    found = {row["platform"]: row for row in rows(result)}
    refused, ec2 = found["docker"], found["ec2"]

    assert result.exit_code == 3
    assert refused["count"] == found["ecs-bridge"]["count"] == 0
    assert (ec2["count"], [limit["allows"] for limit in ec2["limits"]]) == (1, [1, 0])
    assert "account quota (5 vCPUs of on-demand instances) does not allow even one" in ec2["note"]
    assert "usd_per_container_hour" not in refused
    assert "vCPU" in refused["refused"]


def test_help_says_which_density_takes_minutes() -> None:
    """And which answers at once."""
    said = " ".join(call("density --help").stdout.split())

    assert "reservation (at once), use (simulated: minutes on a large host) or both." in said


@pytest.mark.parametrize("by", ["use", "both"])
def test_density_exits_3_when_not_one_fits_by_use(by: str, tmp_path: Path) -> None:
    """A JVM is killed in 64 MiB on every platform, however many could be reserved."""
    words = f"density --app java --memory 64MiB --window 1s --by {by} --json --out"
    result = call(words, tmp_path)

    assert result.exit_code == 3
    assert {row["count_by_use"] for row in rows(result) if row["platform"] == "docker"} == {0}
    assert max(row["count"] for row in rows(result)) > 0


def test_max_pods_that_leave_no_memory_answer_0_with_the_reason_and_the_way_out(
    tmp_path: Path,
) -> None:
    """255 + 11 x 1500 MiB are more than an m5.xlarge has; the other rows do not care."""
    asked = "density --by reservation --json --ami bottlerocket --max-pods"
    found = {row["platform"]: row for row in rows(call(f"{asked} 1500 --out", tmp_path))}
    usual = {row["platform"]: row for row in rows(call(f"{asked} 58 --out", tmp_path))}

    assert found["eks"]["count"] == found["eks-prefix"]["count"] == 0
    assert "kube-reserved takes 16755 of 15601 MiB for 1500 pods" in found["eks"]["refused"]
    assert "lower --max-pods to 1339 for one pod" in found["eks"]["refused"]
    assert "usd_per_container_hour" not in found["eks"]
    assert found["ecs-bridge"] == usual["ecs-bridge"]
    assert usual["eks"]["count"] == 15


def test_the_limits_of_eks_say_what_slots_cost(tmp_path: Path) -> None:
    """On Bottlerocket more max pods raise kube-reserved: the row is recomputed after lifting."""
    words = "density --by reservation --cpu 50m --memory 256MiB --max-pods 20 --json"
    called = call(f"{words} --ami bottlerocket --out", tmp_path)
    eks = next(r for r in rows(called) if r["platform"] == "eks-prefix")
    slots = eks["limits"][0]
    with_slots = (15601 - 255 - 100 - 2 * 11) // (256 + 11)

    assert (slots["limit"], slots["allows"]) == ("pod slots", 18)
    assert slots["then"] == "memory"
    assert slots["allows"] + slots["gain_if_lifted"] == with_slots
    assert "each slot more takes 11 MiB" in slots["how"]


def test_a_max_pods_expression_that_leaves_no_memory_says_the_way_out(tmp_path: Path) -> None:
    """4 ENIs x 15 addresses x 16 = 960 slots leave memory; 32 times as many do not."""
    words = ["density", "--by", "reservation", "--json", "--out", str(tmp_path), "--max-pods"]
    few, many = (
        {r["platform"]: r for r in rows(CliRunner().invoke(app, [*words, expression]))}
        for expression in ("default_enis * ips_per_eni * 16", "default_enis * ips_per_eni * 32")
    )

    assert few["eks"]["count"] > 0 == many["eks"]["count"]
    assert (
        "with --kube-reserved 442MiB, enough for 17 (2 of them DaemonSets'), 15 fit"
        in (many["eks"]["refused"])
    )
    again = rows(CliRunner().invoke(app, [*words, "110", "--kube-reserved", "442MiB"]))
    assert next(row for row in again if row["platform"] == "eks")["count"] == 15


@pytest.mark.parametrize(
    ("ami", "count", "moved"), [("al2", 2, True), ("al2023", 1, False), (None, 1, True)]
)
def test_what_hangs_on_the_machine_image_says_so(
    ami: str | None, count: int, moved: bool, tmp_path: Path
) -> None:
    """3,910 MiB twice on m6i.large: AL2 registered 7,821 MiB, and 7,817 a build later
    (amazon-ecs-ami#597); AL2023 has less. Where no image is named, any may run."""
    words = "density --by reservation --instance m6i.large --cpu 250m --memory 3910MiB --explain"
    words += f" --ami {ami}" if ami else ""
    ecs = next(
        r for r in rows(call(f"{words} --json --out", tmp_path)) if "bridge" in r["platform"]
    )
    said = call(f"{words} --out", tmp_path).output

    assert ecs["count"] == count
    assert [each["figure"] for each in ecs["explain"]] == ["ec2.m6i.large.memory_lost"] * moved
    assert ("hangs on the memory that the machine image (AMI) leaves" in said) == moved


@pytest.mark.parametrize("text", ["0", "-3", "many", "1.5"])
def test_max_pods_is_a_whole_number_of_at_least_one(text: str, tmp_path: Path) -> None:
    """Said at once."""
    result = CliRunner().invoke(app, ["density", "--max-pods", text, "--out", str(tmp_path)])

    assert result.exit_code == 2
    assert "max-pods" in result.output


def test_an_arm_image_does_not_run_on_fargate_under_eks(tmp_path: Path) -> None:
    """EKS runs Fargate on amd64 only, and says so."""
    words = "density --by reservation --instance m6g.xlarge --arch arm64 --json --out"
    row = next(r for r in rows(call(words, tmp_path)) if r["platform"] == "eks-fargate")

    assert row["count"] == 0
    assert row["refused"] == "EKS runs Fargate on amd64"


def test_startup_json_has_phases_that_sum_to_the_total(tmp_path: Path) -> None:
    """The p95 column shows the mean phases of the starts around p95, so it adds up too."""
    found = rows(call("startup --app node --replications 20 --json --out", str(tmp_path)))
    kinds = {(row["platform"], row["image"]) for row in found}

    assert kinds == {
        ("vm", "cold"),
        ("vm", "warm"),
        ("docker", "cold"),
        ("docker", "warm"),
        ("ec2", "cold"),
        ("ecs", "cold"),
        ("ecs", "warm"),
        ("fargate", "cold"),
        ("eks", "cold"),
        ("eks", "warm"),
        ("eks-fargate", "cold"),
        ("ecs-managed", "cold"),
        ("eks-auto", "cold"),
    }
    for kind in kinds:
        mine = {r["phase"]: r for r in found if (r["platform"], r["image"]) == kind}
        parts = [row for phase, row in mine.items() if phase not in ("running", "total")]
        for column in ("p50_s", "p95_s"):
            total = sum(row[column] for row in parts)
            assert total == pytest.approx(mine["total"][column], abs=1e-9)
            running = total - mine["app"][column]
            assert running == pytest.approx(mine["running"][column], abs=1e-9)


def test_startup_names_the_assumed_number_that_does_most(tmp_path: Path) -> None:
    """Whoever reads 2.4 s is told that a second of it is no measurement."""
    asked = "startup --app node --platform ecs --replications 5 --out"
    said = " ".join(call(asked, str(tmp_path)).stdout.split())

    assert "assumed numbers, most on ecs.placement 1 s (0.3 to 3) (ecs-warm: " in said


def test_startup_refuses_p95_of_five_starts_and_says_why(tmp_path: Path) -> None:
    """A number the sample cannot support is absent."""
    found = rows(
        call(
            "startup --platform docker --replications 5 --json --out",
            str(tmp_path),
        )
    )

    assert all("p95_s" not in row and "at least 20" in row["p95_s_refused"] for row in found)
    assert all("p50_s" in row for row in found)


def test_startup_ranks_only_platforms_of_which_all_became_ready(tmp_path: Path) -> None:
    """Two of eight fit on each machine; they are quick, and named behind those that bring all."""
    result = call("startup --app java --tasks 8 --replications 2 --out", tmp_path)
    text = " ".join(result.stdout.split())
    ranking, _, rest = text.partition("Not all became ready")

    assert "soonest on EC2" in ranking
    assert "and on Fargate" in ranking
    assert "ECS" not in ranking
    assert "4 of 16 on ECS (warm image), no room for 12" in rest


def test_startup_ranks_nobody_where_nobody_brings_all_up(tmp_path: Path) -> None:
    """And a single start has no median, which is not the same."""
    words = "startup --app java --platform ecs --replications"
    some = " ".join(call(f"{words} 1 --tasks 8 --out", tmp_path).stdout.split())
    single = call(f"{words} 1 --out", tmp_path).stdout

    assert "no platform started all of them" in some
    assert "2 of 8 on ECS (cold image)" in some
    assert "too few starts for a median" in single


def test_startup_counts_tasks_that_found_no_room(tmp_path: Path) -> None:
    """Two 2-vCPU tasks fill four vCPUs; the third is refused, counted, and not in the times."""
    found = rows(
        call(
            "startup --platform ecs --tasks 3 --replications 10 --json --out",
            str(tmp_path),
        )
    )

    assert {(row["n"], row["refused"]) for row in found} == {(20, 10)}


@pytest.mark.parametrize(("target", "code"), [("p95<=1s", 1), ("p95<=10min", 0)])
def test_require_exits_1_and_names_the_phase_that_must_shrink(
    target: str, code: int, tmp_path: Path
) -> None:
    """One sentence: which phase, and by how much."""
    result = call("startup --platform docker --out", tmp_path, "--require", target)

    assert result.exit_code == code
    assert ("must shrink by" in result.stderr) == (code == 1)


def test_the_same_command_gives_the_same_answer_and_another_seed_another(tmp_path: Path) -> None:
    """Reproducible, and not constant."""
    words = [
        "startup --platform ecs --replications 3 --json --out",
        str(tmp_path),
    ]

    first, again, other = (call(*words, "--seed", seed).stdout for seed in "778")

    assert first == again != other


def test_a_wrong_command_line_gets_one_message_for_all_mistakes_and_writes_nothing(
    tmp_path: Path,
) -> None:
    """Field, value, what is allowed, the nearest known name; no traceback."""
    result = call(
        "density --instance m5.xlrge --cpu 1024 --memory 512m --by us --load 2 --seed x --out",
        tmp_path / "out",
    )

    assert result.exit_code == 2
    for part in ("did you mean 'm5.xlarge'", "1024 CPU units", "512MiB", "'use'", "load", "seed"):
        assert part in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


def test_instances_and_parameters_speak_json() -> None:
    """Tables for people, data for programs."""
    m5 = {row["instance"]: row for row in rows(call("instances m5. --json"))}
    fargate = {row["key"]: row for row in rows(call("parameters fargate --json"))}

    assert m5["m5.xlarge"]["enis"] == 4
    assert "baseline" not in m5["m5.xlarge"]
    assert rows(call("instances t3.small --json"))[0]["baseline"] == 0.2
    assert fargate["fargate.provision"]["grade"] == "C"
    assert fargate["fargate.provision"]["low"] == 12.4


def test_core_speeds_stand_with_the_types_and_their_source_with_the_parameters() -> None:
    """One that was not measured is taken as 1, and is not given as if it had been."""
    types = {row["instance"]: row for row in rows(call("instances * --json"))}
    speeds = {row["key"]: row for row in rows(call("parameters core_speed --json"))}
    speed = speeds["ec2.c6g.core_speed"]

    assert types["m5.xlarge"]["core_speed"] == 1.0
    assert types["c6g.4xlarge"]["core_speed"] == speed["value"] == pytest.approx(1.387, abs=1e-3)
    assert (speed["grade"], speed["unit"]) == ("C", "of an m5 vCPU")
    assert "CoreMark per vCPU measured by vantage" in speed["source"]
    for name, row in types.items():
        family = speeds[f"ec2.{name.split('.')[0]}.core_speed"]
        assert row.get("core_speed") == (family["value"] if family["grade"] == "C" else None)
    assert " 1.39 " in call("instances c6g.4xlarge").stdout


def test_schema_is_a_json_schema_with_the_platforms() -> None:
    """Editors complete from it."""
    schema = json.loads(call("schema").stdout)

    assert schema["properties"]["platform"]["enum"] == [
        *("vm", "docker", "ec2", "ecs", "fargate"),
        *("eks", "eks-fargate"),
    ]


@pytest.mark.parametrize("words", ["nonsense", "density --nonsense", "run"])
def test_an_unknown_word_is_exit_2(words: str) -> None:
    """As for every other bad input."""
    assert call(words).exit_code == 2


def test_help_is_quick_because_it_imports_no_tables_and_no_pictures() -> None:
    """pandas, scipy and matplotlib wait until they are needed."""
    code = (
        "import sys; from typer.testing import CliRunner; from sim.cli.app import app;"
        "CliRunner().invoke(app, ['--help']);"
        "print([m for m in ('pandas', 'scipy', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_demo_writes_its_pictures_and_fits_on_one_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole comparison in one command: the answer first and last, then what to try next."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    result = call("demo --replications 5 --out .")
    lines = result.stdout.splitlines()
    answer = lines[: lines.index("")]
    last = lines.index("Try next, with your own sizes, app and files:")

    assert len(lines) <= 40
    assert max(map(cell_len, lines)) <= 80
    assert answer == lines[last - 1 - len(answer) : last - 1]
    assert all(line.startswith("  sim ") for line in lines[last + 1 :])
    assert "fargate      " in result.stdout
    for name in ("vm", "docker", "ecs", "eks"):  # an image that has to come costs time on each
        cold, warm = re.findall(rf"^{name} .* ([0-9.]+) s +([0-9.]+) s$", result.stdout, re.M)[0]
        assert float(cold) > float(warm)
    pictures = {path.name for path in (tmp_path / "demo").glob("*.png")}

    assert result.exit_code == 0
    assert pictures == {
        "density.png",
        "memory.png",
        "ready.png",
        "phases.png",
        "waterfall.png",
        "one_machine.png",
    }


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_written_is_said_before_anything_runs(
    place: str, tmp_path: Path
) -> None:
    """No hours of simulation are lost to a slip in --out."""
    (tmp_path / "file").touch()
    result = call("density --by reservation --out", tmp_path / place)

    assert result.exit_code == 2
    assert "out: " in result.stderr


def test_overcommit_lifts_containers_as_it_lifts_guests(tmp_path: Path) -> None:
    """On the same machine guests never outnumber containers, however much is overcommitted."""
    words = "density --cpu 1 --memory 1GiB --cpu-overcommit 4 --by reservation --json --out"
    counts = {row["platform"]: row["count"] for row in rows(call(words, tmp_path))}

    assert counts["vm"] <= counts["docker"]


def test_killed_starts_stand_in_the_answer(tmp_path: Path) -> None:
    """A JVM does not fit into 128 MiB, and the sentence says so."""
    result = call("startup --platform docker --memory 128MiB --replications 2 --out", tmp_path)

    assert result.exit_code == 3
    assert "OOM kill: over its own memory limit" in result.stdout


def test_whoever_stops_reading_gets_no_error() -> None:
    """`sim instances --json | head -1`."""
    command = f"{sys.executable} -m sim.cli instances --json | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, timeout=HANGS
    )

    assert done.returncode in (0, 141)
    assert done.stderr == ""


def test_a_closed_standard_output_is_no_error(tmp_path: Path) -> None:
    """The files are written all the same (`sim density >&-`)."""
    words = f"{sys.executable} -m sim.cli density --by reservation --out {tmp_path} >&-"
    done = subprocess.run(["sh", "-c", words], stderr=subprocess.PIPE, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "density" / "latest").exists()


def test_tables_fold_no_number_and_headers_only_between_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """However many columns there are; words may be folded."""
    columns = ["platform", *["hosts_before_the_change"] * 12, "why"]
    table(columns, [["ecs", *["1546.336"] * 12, "a reason"]], right="l" + "r" * 12)
    lines = capsys.readouterr().out.splitlines()

    assert sum(line.count("1546.336") for line in lines) == 12
    for word in ("hosts", "before", "the", "change"):
        assert sum(line.split().count(word) for line in lines) == 12
    assert "_" not in "".join(lines)


def test_numbers_have_three_or_four_digits_that_count() -> None:
    """And no exponent where people count."""
    shown = [
        shown_plain(x) for x in (1546.336, 10786.2, 0.7221, 5.9966, 14.743, 0.0, 0.00123, 1e-7)
    ]

    assert shown == ["1546", "10786", "0.722", "5.997", "14.74", "0", "0.00123", "1e-07"]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("density --host 100000x9999TiB", "'100000x9999TiB' is not allowed; 1 to 448 vCPUs"),
        ("density --memory 1B", "memory: 1 B is not allowed; at least 6 MiB"),
        ("density --by reservation --out /proc/x", "out: '/proc/x/density' cannot be made"),
    ],
)
def test_a_mistake_is_told_in_the_words_of_what_was_typed(words: str, part: str) -> None:
    """Nothing of CPU units for a bare machine, and no number of the operating system."""
    result = call(words)

    assert result.exit_code == 2
    assert part in result.stderr.replace("\n       ", " ")
    assert "Errno" not in result.stderr


def test_one_type_is_one_type() -> None:
    """In the line below the table."""
    assert "\n1 type. Sources" in call("instances m5.metal").stdout


def test_a_file_of_types_is_kept_and_a_wrong_one_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the verb: then the new type is one like any other."""
    monkeypatch.setenv("BERTHSIM_INSTANCES", str(tmp_path / "kept.csv"))
    (tmp_path / "new.csv").write_text(
        "instance_type,arch,vcpu,memory_mib_nominal\nz9.large,amd64,2,8192\n"
    )
    (tmp_path / "bad.csv").write_text("instance_type,arch,vcpu\nz9.large,amd64,2\n")
    try:
        kept = call(f"instances z9 --update {tmp_path / 'new.csv'} --json")
        refused = call(f"instances --update {tmp_path / 'bad.csv'}")
    finally:
        monkeypatch.undo()
        forget()

    assert [row["instance"] for row in rows(kept)] == ["z9.large"]
    assert refused.exit_code == 2
    assert "memory_mib_nominal: the column is missing" in refused.stderr
