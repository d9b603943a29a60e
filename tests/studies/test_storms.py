"""`storm` and `resident`: what they promise, and which way every cause works."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim import catalog, load, storm
from sim.cli.app import app
from sim.studies.storm.study import StormAnswer, resident
from sim.units import GiB, MiB

KEYS = {
    "mean_ms",
    "p50_ms",
    "p99_ms",
    "makespan_ms",
    "host_cpu_ms_per_start",
    "memory_bytes",
}
RUNTIMES = ("kata-qemu", "kata-fc", "kata-template", "rund", "firecracker", "runc", "docker")


def never_faster(light: StormAnswer, heavy: StormAnswer) -> bool:
    """Means over storms, within what chance leaves of them."""
    return heavy.mean_ms >= 0.98 * light.mean_ms and heavy.makespan_ms >= 0.98 * light.makespan_ms


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_more_load_is_never_faster_and_more_cpus_never_slower(runtime: str) -> None:
    """Starts, sandboxes running, CPUs: each alone."""
    by_starts = [storm(runtime, starts=n, replications=3) for n in (2, 10, 50, 200)]
    by_running = [storm(runtime, starts=10, running=n, replications=5) for n in (0, 1500)]
    by_cpus = [storm(runtime, starts=50, cpus=n, replications=3) for n in (208, 32, 8, 2)]

    for series in (by_starts, by_running, by_cpus):
        assert all(never_faster(*pair) for pair in pairwise(series))


def test_a_quantile_is_refused_below_its_sample() -> None:
    """p99 from 100 starts on; below, the key is absent and `refused` says why."""
    few = storm("kata-fc", starts=9, replications=11).json()
    enough = storm("kata-fc", starts=10, replications=10).json()

    assert set(few) == KEYS - {"p99_ms"} | {"refused"}
    assert "at least 100" in few["refused"]["p99_ms"]
    assert set(enough) == KEYS


@pytest.mark.parametrize("runtime", ["docker", "kata-fc"])
def test_p99_is_never_above_the_last_of_a_storm(runtime: str) -> None:
    """Both are means of the storms where a storm has the starts for a p99."""
    answer = storm(runtime, starts=100, replications=3)

    assert answer.p50_ms is not None
    assert answer.p99_ms is not None
    assert answer.p50_ms <= answer.p99_ms <= answer.makespan_ms


def test_the_verb_says_what_its_p99_is_of(tmp_path: Path) -> None:
    """Quantiles are each storm's, or of all starts together where one storm has too few."""
    for starts, said in (
        ("100", "which are of one storm each"),
        ("50", "over the starts of all storms"),
    ):
        words = ["storm", "--runtime", "docker", "--starts", starts, "--replications", "3"]
        words += ["--explain"]
        words += ["--out", str(tmp_path)]
        result = CliRunner().invoke(app, words, catch_exceptions=False)

        assert said in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("asked", "outside"),
    [
        ({"starts": 10, "running": 1000}, False),
        ({"starts": 11}, True),
        ({"starts": 1, "running": 1001}, True),
        ({"starts": 100, "launchers": 10, "running": 950}, True),
        ({"starts": 100, "launchers": 10, "running": 950, "ending": True}, False),
    ],
)
def test_a_question_outside_what_was_fitted_is_said_to_be(
    asked: dict[str, int], outside: bool
) -> None:
    """More at a time than 10, or more running than 1000, also by those that joined."""
    answer = storm("rund", replications=1, **asked)
    said = any("beyond what rund was fitted to: at most 10 starts" in x for x in answer.notes())

    assert said is outside is ("extrapolated" in answer.json())


def test_a_storm_says_that_it_is_a_model_of_its_own() -> None:
    """Decision 0020 holds for every runtime."""
    assert any("model of their own" in line for line in storm("runc", replications=1).notes())


def test_the_same_profile_on_another_host() -> None:
    """An idle Firecracker host: only the core's speed differs, and waits do not scale with it."""
    slow = storm("firecracker", starts=1, host="m5d.metal", replications=50).mean_ms
    quick = storm("firecracker", starts=1, host="rn.haswell", replications=50).mean_ms
    speed = catalog.validation_hosts()["rn.haswell"].processor.core_speed

    assert 1.0 < slow / quick < float(speed)


def test_what_a_thousand_microvms_hold() -> None:
    """PSS a sandbox as published: 144, 75, 100 and 24 MiB; 19 to 20 MiB more for a GiB more."""
    published = {"kata-qemu": 144, "kata-fc": 75, "kata-template": 100, "rund": 24}
    for runtime, mib in published.items():
        small = resident(runtime, sandboxes=1000, memory=128 * MiB) / 1000 / MiB
        large = resident(runtime, sandboxes=1000, memory=128 * MiB + 1 * GiB) / 1000 / MiB

        assert small == pytest.approx(mib, rel=0.02)
        assert 19 <= large - small <= 20


def test_a_template_pays_from_the_second_sandbox_on() -> None:
    """The first one costs a whole guest."""
    one, two = (resident("kata-template", sandboxes=n, memory=128 * MiB) for n in (1, 2))
    whole = resident("kata-qemu", sandboxes=1, memory=128 * MiB)

    assert one == pytest.approx(whole, rel=0.01)
    assert two - one < 0.7 * one
    assert resident("kata-template", sandboxes=0, memory=128 * MiB) == 0.0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"runtime": "kata-fcc"}, "did you mean 'kata-fc'"),
        ({"host": "rn.haswel"}, "did you mean 'rn.haswell'"),
        ({"starts": 0}, "starts: 0 is not allowed"),
        ({"running": -1}, "running: -1 is not allowed"),
        ({"launchers": 0}, "launchers: 0 is not allowed"),
        ({"cpus": 0.0}, "cpus: 0.0 is not allowed"),
        ({"memory": 0.0}, "memory: 0.0 is not allowed"),
    ],
)
def test_bad_input_is_named(wrong: dict[str, object], said: str) -> None:
    """Field, value, and what is allowed."""
    with pytest.raises(ValueError, match=said):
        storm(**{"runtime": "runc", "starts": 1, **wrong})  # type: ignore[arg-type]


def test_the_verb_prints_the_promised_keys_and_keeps_its_storms(tmp_path: Path) -> None:
    """`sim storm --json`."""
    words = "storm --runtime kata-fc --starts 10 --running 500 --cpus 104 --json"
    words = f"{words} --out {tmp_path}"
    result = CliRunner().invoke(app, words.split(), catch_exceptions=False)
    again = CliRunner().invoke(app, [*words.split(), "--jobs", "2"], catch_exceptions=False)

    assert result.exit_code == 0
    assert set(json.loads(result.stdout)) == KEYS
    assert again.stdout == result.stdout
    assert len(load(tmp_path / "storm").runs) == 20


def test_the_verb_says_every_mistake_at_once() -> None:
    """Exit code 2 and no traceback."""
    words = "storm --runtime kata --starts x --cpus 0"
    result = CliRunner().invoke(app, words.split())

    assert result.exit_code == 2
    assert all(word in result.output for word in ("runtime:", "starts:", "cpus:"))
