"""Figures of one's own: the truth comes back out of records of it, and the last starts judge."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutants import mutants
from records_of_starts import DIALECTS, FIRST, POD_TRUTH, TRUTH, moments, pods
from typer.testing import CliRunner

import sim
from sim.catalog.data import DATA
from sim.cli.app import app
from sim.core.question import BadInput
from sim.files.records.fitting import OwnFigures
from sim.studies.fit.estimates.lognormal import fitted
from sim.studies.fit.estimates.phases import phase_of, two_kinds
from sim.studies.fit.estimates.pull_line import pull_line
from sim.studies.fit.observed import Spell, StartSeen
from sim.units import GiB, MiB

PUBLIC = DATA / "measured" / "fargate_starts.csv"


def fit(tmp_path: Path, text: str, **more: Any) -> OwnFigures:
    path = tmp_path / "records.json"
    path.write_text(text, encoding="utf-8")
    return sim.fit(path, **more)


def covered(answer: OwnFigures, truth: dict[str, tuple[float, float]]) -> dict[str, bool]:
    """By phase, whether the true median lies in its interval."""
    return {
        name: phase.low_s is not None
        and phase.high_s is not None
        and phase.low_s <= truth[name][0] <= phase.high_s
        for _, phase, name in answer.answer.named()
        if name in truth
    }


def test_the_public_records_have_the_median_that_is_the_figure() -> None:
    """Thirteen on platform 1.4: their middle one, between the third and the eleventh."""
    answer = sim.fit(PUBLIC)
    provision = answer.answer.groups[0].phases[0]
    told = sorted(spell.seconds for spell in provision.spells)

    assert provision.n == 13
    assert provision.median_s == pytest.approx(13.77)
    assert (provision.low_s, provision.high_s) == (told[2], told[10])
    assert {row.verdict for row in answer.answer.groups[0].judged.rows} == {"NO BAR"}
    assert "of platform 1.3.0" in answer.answer.left_out


def test_the_truth_comes_back_in_every_dialect(tmp_path: Path) -> None:
    """Six times the same table, and the medians within four standard errors of the truth."""
    starts = moments(TRUTH, 200, seed=7)
    tables = {
        name: fit(tmp_path, write(starts), holdout=0.0).table() for name, write in DIALECTS.items()
    }
    reference = tables["cli_v2"].set_index("phase")

    for phase, (median, sigma) in TRUTH.items():
        error = 1.2533 * sigma / np.sqrt(200)
        assert abs(np.log(reference.median_s[phase] / median)) < 4 * error
        assert reference.spread[phase] == pytest.approx(np.sqrt(np.expm1(sigma**2)), rel=0.25)
    for name, table in tables.items():
        rows = table.set_index("phase")
        expected = reference.loc[rows.index] if name == "metadata" else reference
        assert rows.equals(expected), name


def test_pods_in_whole_seconds_are_not_off_by_the_rounding(tmp_path: Path) -> None:
    """A mean of rounded stamps against an exact one is off by half a second; this is not."""
    answer = fit(tmp_path, pods(moments(POD_TRUTH, 400, seed=11, digits=0)))

    for _, phase, name in answer.answer.named():
        median, sigma = POD_TRUTH[name]
        rounding = 0.41 / median
        error = 1.2533 * np.hypot(sigma, rounding) / np.sqrt(400)
        assert abs(np.log(phase.median_s / median)) < 4 * error, name


def test_one_coarse_stamp_and_one_exact_one_are_unbiased() -> None:
    """The naive mean is off by half a second; the likeliest lognormal by less than .05 s."""
    draw = np.random.default_rng(2)
    begin = draw.uniform(0.0, 1000.0, 400)
    length = 3.0 * np.exp(0.3 * draw.standard_normal(400))
    seen = [Spell(float(d), 1e-3, 1.0) for d in np.floor(begin + length) - begin]

    naive = float(np.mean([spell.seconds for spell in seen]))
    assert naive - length.mean() == pytest.approx(-0.5, abs=0.1)
    assert fitted(seen).median == pytest.approx(np.exp(np.log(length).mean()), abs=0.05)


def test_rows_in_another_order_are_the_same_fit(tmp_path: Path) -> None:
    """To the last digit."""
    items = json.loads(pods(moments(POD_TRUTH, 60, seed=4, digits=0)))["items"]
    mixed = [items[n] for n in np.random.default_rng(1).permutation(60)]
    one, other = (fit(tmp_path, json.dumps({"items": each})) for each in (items, mixed))

    assert one.json() == other.json()


def test_what_is_held_out_passes_where_nothing_changed_and_exceeds_where_it_did(
    tmp_path: Path,
) -> None:
    """The last starts take twice as long: all that is said of them is too little."""
    same = moments(TRUTH, 200, seed=5)
    later = [
        [at[0], *(at[0] + 2.0 * (moment - at[0]) for moment in at[1:])] if number >= 140 else at
        for number, at in enumerate(same)
    ]
    calm, changed = (fit(tmp_path, DIALECTS["cli_v1"](each)) for each in (same, later))

    assert {row.n for row in calm.answer.groups[0].judged.rows} == {60}
    assert {row.verdict for row in calm.answer.groups[0].judged.rows if row.quantile == 0.5} == {
        "PASS"
    }
    middle = [row for row in changed.answer.groups[0].judged.rows if row.quantile == 0.5]
    assert {row.verdict for row in middle} == {"EXCEEDS"}
    assert all(row.error_pct < -30.0 for row in middle)


def test_there_is_no_verdict_below_twenty_starts(tmp_path: Path) -> None:
    """At nineteen a point, at twenty a verdict."""
    few, enough = (
        fit(tmp_path, DIALECTS["cli_v1"](moments(TRUTH, n, seed=6))).json() for n in (19, 20)
    )

    assert {row["verdict"] for row in few["held_out"]} == {"NO BAR"}  # type: ignore[attr-defined]
    assert "verdict" in few["refused"]  # type: ignore[operator]
    assert "NO BAR" not in {row["verdict"] for row in enough["held_out"]}  # type: ignore[attr-defined]


def test_one_start_is_a_point_and_no_more(tmp_path: Path) -> None:
    """No interval, no spread, no verdict, and a note; exit 0."""
    path = tmp_path / "one.json"
    path.write_text(DIALECTS["cli_v2"](moments(TRUTH, 1, seed=6)))
    result = CliRunner().invoke(
        app, ["fit", str(path), "--json", "--out", str(tmp_path / "fit.yaml")]
    )
    told = json.loads(result.stdout)

    assert result.exit_code == 0
    assert all(set(phase) == {"phase", "n", "median_s"} for phase in told["phases"])
    assert told["held_out"] == []
    assert told["refused"]


def test_two_kinds_are_two_rows_and_one_lognormal_is_never_taken_for_two() -> None:
    """Nothing lies between them over a factor of two, and each has its share."""
    quick, slow = [Spell(x) for x in (0.9, 1.1, 2.0, 3.9)], [Spell(x) for x in (9.0, 20.0, 31.0)]
    found = two_kinds([*slow, *quick])
    draw = np.random.default_rng(3)
    samples = np.exp(0.6 * draw.standard_normal((100, 40)))

    assert found is not None
    assert found == (tuple(quick), tuple(slow))
    assert all(two_kinds([Spell(float(x)) for x in sample]) is None for sample in samples)


def test_json_has_what_was_asked_for_and_no_null(tmp_path: Path) -> None:
    """Phases, what was held out, and what was left out."""
    path = tmp_path / "pods.json"
    path.write_text(pods(moments(POD_TRUTH, 60, seed=4, digits=0)))
    result = CliRunner().invoke(
        app, ["fit", str(path), "--json", "--out", str(tmp_path / "fit.yaml")]
    )
    told = json.loads(result.stdout)

    assert "null" not in result.stdout
    assert {"phases", "held_out", "left_out"} <= set(told)
    assert set(told["phases"][0]) == {"phase", "n", "median_s", "low_s", "high_s", "spread"}
    keys = {"phase", "n", "quantile", "measured_s", "predicted_s", "verdict"}
    assert all(set(row) == keys for row in told["held_out"])


@pytest.mark.long
@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_interval_covers_the_truth_as_often_as_it_says(dialect: str, tmp_path: Path) -> None:
    """Of 200 times 400 starts: at 95%, 90 to 99% of the intervals hold the true median."""
    hits: dict[str, int] = {}
    for seed in range(200):
        text = DIALECTS[dialect](moments(TRUTH, 400, seed))
        for name, hit in covered(fit(tmp_path, text, holdout=0.0), TRUTH).items():
            hits[name] = hits.get(name, 0) + hit

    assert all(180 <= hit <= 198 for hit in hits.values()), hits


@pytest.mark.long
def test_the_interval_of_rounded_pods_covers_the_truth_too(tmp_path: Path) -> None:
    """From stamps of whole seconds."""
    hits: dict[str, int] = {}
    for seed in range(200):
        text = pods(moments(POD_TRUTH, 400, seed, digits=0))
        for name, hit in covered(fit(tmp_path, text, holdout=0.0), POD_TRUTH).items():
            hits[name] = hits.get(name, 0) + hit

    assert set(hits) == set(POD_TRUTH)
    assert all(180 <= hit <= 198 for hit in hits.values()), hits


def test_a_phase_of_exact_stamps_has_the_median_of_its_sample() -> None:
    """And of whole seconds, another: it is between them."""
    exact = phase_of("start", [Spell(x) for x in (1.1, 1.2, 1.3, 1.4, 1.5, 1.6)])

    assert exact.median_s == pytest.approx(1.35)
    assert not exact.coarse


def test_the_file_reads_back_and_stands_in_for_the_catalogue(tmp_path: Path) -> None:
    """Median, interval and spread; a scenario then provisions as long as one's own cluster does."""
    own = fit(tmp_path, DIALECTS["cli_v2"](moments({**TRUTH, "provision": (40.0, 0.1)}, 60, 8)))
    back = sim.read_fit(own.save(tmp_path / "fit.yaml"))
    found = back.figures["fargate.provision"]
    service = sim.catalog.service("java", cpu=1.0, memory=2 * GiB)
    scenario = sim.Scenario(
        name="one",
        platform=sim.catalog.ecs_on_fargate(),
        arrivals=[sim.Burst(service=service, tasks=1)],
    )

    assert found == own.figures["fargate.provision"]
    assert found.n == 60
    assert found.value == pytest.approx(40.0, rel=0.1)
    assert "fargate.provision.spread" in back.figures
    assert scenario.with_figures(own).platform.capacity.provision.median == found


def test_a_file_that_is_no_fit_is_left_as_it_is(tmp_path: Path) -> None:
    """Whatever it is."""
    path, out = tmp_path / "tasks.json", tmp_path / "compose.yaml"
    path.write_text(DIALECTS["cli_v2"](moments(TRUTH, 25, seed=6)))
    out.write_text("services: {}\n")
    result = CliRunner().invoke(app, ["fit", str(path), "--out", str(out)])

    assert result.exit_code == 2
    assert "is no fit" in " ".join(result.stderr.split())
    assert out.read_text() == "services: {}\n"


def test_pulls_are_a_line_over_the_bytes_of_their_images() -> None:
    """Two seconds and 50 MB/s, whatever a few pulls from a busy registry took."""
    draw = np.random.default_rng(4)
    sizes = draw.choice([20e6, 80e6, 300e6, 900e6], 60)
    seconds = 2.0 + sizes / 50e6 + 0.1 * draw.standard_normal(60)
    seconds[:5] += 40.0
    starts = [
        StartSeen(where="kubernetes", phases={"pull": Spell(float(t))}, image_bytes=float(size))
        for t, size in zip(seconds, sizes, strict=True)
    ]
    line = pull_line(starts)

    assert line is not None
    assert line.base_s == pytest.approx(2.0, abs=0.2)
    assert line.low_bytes_per_s is not None
    assert line.high_bytes_per_s is not None
    assert line.low_bytes_per_s < line.bytes_per_s < line.high_bytes_per_s
    assert line.bytes_per_s == pytest.approx(50e6, rel=0.03)
    assert pull_line(starts[:7]) is None


def test_images_that_differ_are_not_taken_together(tmp_path: Path) -> None:
    """One starts in a second, one in ten: two rows, without their names."""
    tasks = []
    for number, median in enumerate((1.0, 10.0)):
        made = json.loads(
            DIALECTS["cli_v1"](moments({**TRUTH, "start": (median, 0.2)}, 15, number))
        )
        for task in made:
            task["taskArn"] += f"-{number}"
            task["containers"][0]["image"] = f"secret-{number}"
        tasks += made
    phases = fit(tmp_path, json.dumps(tasks)).table().set_index("phase")

    assert {"start, image 1", "start, image 2"} <= set(phases.index)
    assert "provision" in phases.index
    assert not any("secret" in name for name in phases.index)


def test_sizes_are_by_the_rule_that_was_asked_for(tmp_path: Path) -> None:
    """Working sets of 400 to 499 MiB: KRR asks for the peak and 15%."""
    rows = [
        {
            **{"Type": "Container", "ContainerName": "web", "Timestamp": 1000 * (1.7e9 + 300 * n)},
            **{"CpuUtilized": 256, "MemoryUtilized": 400 + n},
        }
        for n in range(100)
    ]
    (size,) = fit(tmp_path, "\n".join(map(json.dumps, rows)), rule="krr").fit.sizes

    assert size.memory.peak == 499 * MiB
    assert size.memory_request == pytest.approx(499 * MiB * 1.15)
    assert size.cpu_request == pytest.approx(0.25)
    assert size.n == 100


def test_the_triangle_tells_wrong_arrivals_from_wrong_figures(tmp_path: Path) -> None:
    """Eight at a time: with the real arrivals eight are under way, one by one fewer."""
    made = moments(TRUTH, 160, seed=9)
    bursts = [
        [600.0 * (number // 8) + FIRST + (moment - at[0]) for moment in at]
        for number, at in enumerate(made)
    ]
    rounded = [[round(moment, 3) for moment in at] for at in bursts]
    corners = fit(tmp_path, DIALECTS["cli_v1"](rounded)).answer.groups[0].corners
    reality, measured, simulated = corners

    assert [corner.n for corner in corners] == [48, 48, 48]
    assert reality.at_once == measured.at_once == 8
    assert simulated.at_once < 8
    for corner in (measured, simulated):
        assert corner.p50_s == pytest.approx(reality.p50_s, rel=0.2)


def test_a_fit_that_is_almost_right_never_ends_in_a_traceback(tmp_path: Path) -> None:
    """Changed at random, it reads or says what is wrong."""
    own = fit(tmp_path, DIALECTS["insights"](moments(TRUTH, 25, seed=6)))
    path = own.save(tmp_path / "fit.yaml")
    text, read = path.read_text(encoding="utf-8"), 0
    for changed in mutants(text, 150, seed=2):
        path.write_text(changed, encoding="utf-8", errors="replace")
        try:
            read += bool(sim.read_fit(path).fitted)
        except BadInput as error:
            assert str(error)

    assert 0 < read < 150


def test_platforms_are_told_apart_and_one_with_few_starts_is_left_to_itself(
    tmp_path: Path,
) -> None:
    """Thirty tasks and thirty pods are two; thirty tasks and five pods are one."""
    tasks, many, few = (tmp_path / f"{name}.json" for name in ("tasks", "many", "few"))
    tasks.write_text(DIALECTS["cli_v2"](moments(TRUTH, 30, seed=1)))
    many.write_text(pods(moments(POD_TRUTH, 30, seed=1, digits=0)))
    few.write_text(pods(moments(POD_TRUTH, 5, seed=1, digits=0)))
    both, one = sim.fit(tasks, many), sim.fit(tasks, few)

    assert {"fargate pull", "kubernetes app"} <= set(both.table()["phase"])
    assert {"fargate provision", "kubernetes sandbox"} <= set(both.answer.held_out()["phase"])
    assert set(one.table()["phase"]) == set(TRUTH)
    assert one.answer.left_out == {"on Kubernetes": 5}


def test_starts_apart_by_orders_of_magnitude_are_fitted_without_a_warning() -> None:
    """A spread above the widest that is looked for: the search begins at its bound."""
    found = fitted([Spell(seconds, 1.0, 1.0) for seconds in (0.0, 1.0, 1e9)])

    assert 4.0 < found.sigma <= 5.0
