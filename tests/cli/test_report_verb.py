"""`sim report`: a run on one page that loads nothing."""

import json
import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import sim
from sim import catalog
from sim.cli.app import app
from sim.experiment import Results
from sim.experiment.storage.tables import empty_samples, empty_spans
from sim.plots.palette import ON_BRIGHT
from sim.report.page import PAGE, page
from sim.report.said import ANSWER

LOADS = {"src", "href", "xlink:href", "data", "action", "poster", "srcset"}
"""Attributes by which a page loads something, or leads away."""


class Seen(HTMLParser):
    """Tags that are open, what attributes point to, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.points_to: list[str] = []
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.points_to += [value or "" for name, value in attrs if name in LOADS]

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(text: str) -> Seen:
    """A page that loads nothing: whatever an attribute points to is on the page itself."""
    found = Seen()
    found.feed(text)

    assert "://" not in text
    assert not re.search(r"@import|url\((?!#)", text)
    assert all(place.startswith("#") for place in found.points_to)
    assert not {"link", "iframe", "object", "img"} & set(found.tags)
    return found


def own_run() -> Results:
    """A scenario in Python with readings of its host."""
    scenario = sim.Scenario(
        name="mine",
        platform=catalog.ecs("m5.xlarge"),
        arrivals=(sim.Burst(service=catalog.service("node")),),
        sample_every=1.0,
    )
    return sim.replicate(scenario, times=2, seed=1)


RUNS: dict[str, tuple[Callable[[], Results], int]] = {
    "density": (lambda: sim.density(by="reservation").results(), 1),
    "startup": (
        lambda: sim.startup(app="node", platform="docker", replications=2).results,
        2,
    ),
    "storm": (lambda: sim.storm(starts=5).results, 2),
    "scale": (lambda: sim.scale_out(to=20, replications=2, platform="fargate").results, 1),
    "one's own": (own_run, 2),
}


@pytest.mark.parametrize("kind", RUNS)
def test_the_page_of_every_kind_of_run_loads_nothing(kind: str) -> None:
    """Its figures and its tables are in it."""
    made, figures = RUNS[kind]
    found = seen(page(made()))

    assert found.tags.count("figure") == figures
    assert found.tags.count("table") >= 1


def test_the_page_of_a_plan_has_its_sentence_its_machines_and_numbers_that_sort(
    tmp_path: Path,
) -> None:
    """Light and dark: its figures have no ink of their own that a dark page would swallow."""
    example = tmp_path / "shop.yaml"
    sizes = "deploy: {resources: {limits: {cpus: '0.5', memory: 256M}}}"
    parts = [f"  {name}:\n    image: nginx:1.27\n    {sizes}\n" for name in ("web", "api")]
    text = "services:\n" + "".join(parts)
    example.write_text(text, encoding="utf-8")
    typed = ["--replications", "3", "--platform", "ecs", "--platform", "fargate"]
    out = ["--out", str(tmp_path / "results")]
    done = CliRunner().invoke(app, ["plan", str(example), *typed, *out])
    assert done.exit_code == 0, done.output
    folder = tmp_path / "results" / "plan"
    done = CliRunner().invoke(app, ["report", str(folder), "--json"])
    text = Path(json.loads(done.stdout)["page"]).read_text(encoding="utf-8")
    found, kept = seen(text), sim.load(folder).summary["usd_per_month"].dropna()
    drawn = text[text.index("<figure") : text.rindex("</figure>")]

    assert "Run it on Fargate" in found.text
    assert "What is on each machine" in found.text and "m5.xlarge" in found.text
    assert len(kept) == 2 and all(f'data-key="{value!r}"' in text for value in kept)
    assert "prefers-color-scheme: dark" in text and "var(--ink)" in drawn
    assert "#222222" not in drawn and "#000000" not in drawn
    shapes = re.sub(r"<text.*?</text>", "", drawn, flags=re.DOTALL).lower()
    assert "#ffffff" not in shapes  # what is open shows the card that it stands on
    assert ON_BRIGHT.lower() in drawn.lower()  # words on a bright machine stay dark


def test_what_comes_from_a_file_is_text_on_the_page() -> None:
    """A name cannot become a script."""
    evil = "<script>alert(1)</script>"
    made = Results(
        runs=pd.DataFrame(columns=["variant", "run"]),
        spans=empty_spans(),
        samples=empty_samples(),
        summary=pd.DataFrame([{"name": evil, "value": 1.5}, {"name": "b", "value": float("nan")}]),
        scenario={"name": evil},
        manifest={"scenario": "evil", "run_id": "0123456789"},
    )
    text = page(made)

    assert evil not in text
    assert text.count("<script>") == 1
    assert evil in seen(text).text


def test_a_page_leads_nowhere_and_what_is_damaged_is_named(tmp_path: Path) -> None:
    """A link in the run's folder is replaced; what it leads to stays."""
    folder = own_run().save(tmp_path)
    theirs = tmp_path / "precious"
    theirs.write_text("precious")
    (folder / PAGE).symlink_to(theirs)
    assert CliRunner().invoke(app, ["report", str(folder)]).exit_code == 0

    assert theirs.read_text() == "precious"
    assert (folder / PAGE).read_text().startswith("<!")
    for text in ("[1]", "{", '{"lines": [3]}', "9" * 5000):
        (folder / ANSWER).write_text(text)
        done = CliRunner().invoke(app, ["report", str(folder)])
        assert done.exit_code == 2
        assert f"{ANSWER} is damaged; the same command writes it again" in done.stderr


def test_a_run_that_is_not_there_is_exit_2(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["report", str(tmp_path / "nothing")])

    assert done.exit_code == 2
    assert "nothing" in done.output


SHOP = "scenarios/applications/shop.yaml"


@pytest.mark.parametrize(
    "typed",
    [
        "density --by reservation",
        f"density {SHOP}",
        "startup --app node --platform docker --replications 2",
        f"startup {SHOP} --platform docker --replications 2",
        "scale --to 3 --platform fargate --replications 2",
        "scale --from 3 --to 1 --platform fargate --replications 2",
        "fail --platform docker --replications 1",
        "neighbours --bad cpu --window 1s --replications 1",
        "storm --starts 2 --replications 1",
        "calls scenarios/shop.yaml --rate 10 --requests 30 --replications 2 --no-monolith",
        "calls scenarios/shop.yaml --platform docker --rate 10 --requests 30 --replications 2"
        " --no-monolith --no-one-more",
        "lifecycle scenarios/dockerfiles/node",
    ],
)
def test_a_page_says_what_the_screen_said(typed: str, tmp_path: Path) -> None:
    """Not what became of the starts behind the answer, of which a density has none."""
    done = CliRunner().invoke(app, [*typed.split(), "--out", str(tmp_path)], catch_exceptions=False)
    screen = done.stdout
    (saved,) = {path.resolve().parent for path in tmp_path.glob("*/latest/manifest.json")}
    said = re.findall(r'<p class="answer">(.*?)</p>', page(sim.load(saved)))

    assert len(said) == 1
    assert " ".join(screen.split()).startswith(" ".join(unescape(said[0]).split()))


def test_what_another_program_said_of_a_run_is_not_told(tmp_path: Path) -> None:
    typed = ["startup", "--app", "node", "--platform", "docker", "--replications", "2"]
    CliRunner().invoke(app, [*typed, "--out", str(tmp_path)])
    (kept,) = {path.resolve() for path in tmp_path.glob("startup/latest/answer.json")}
    kept.write_text(json.dumps({"sentence": "Older.", "code": "another"}), encoding="utf-8")

    assert "Older." not in page(sim.load(kept.parent))
