"""`sim storm`: many sandboxes started at once on one host."""

from typing import Annotated, Any

import typer

from sim.catalog import RUNTIMES
from sim.cli.options import BadInput, Inputs
from sim.cli.screen import as_json, note, say, table
from sim.core.quantity import parse_bytes, parse_vcpu
from sim.units import GiB, MiB

NAME = "storm"


def command(
    *,
    runtime: Annotated[str, typer.Option(help=f"{', '.join(RUNTIMES)}.")] = "kata-fc",
    starts: Annotated[str, typer.Option(help="Sandboxes to start.")] = "100",
    running: Annotated[str, typer.Option(help="Sandboxes that are up already.")] = "0",
    launchers: Annotated[
        str | None, typer.Option(help="Starts under way at any time; default: all at once.")
    ] = None,
    cpus: Annotated[
        str | None, typer.Option(help="CPUs of the host, as its kernel counts them.")
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(
            help="Validation host (rund, m5d.metal, rn.haswell, ...), EC2 type or size such as "
            "16x64GiB; default: cores like those the runtime was measured on."
        ),
    ] = None,
    memory: Annotated[str, typer.Option(help="Memory of one guest.")] = "128MiB",
    seed: Annotated[str, typer.Option(help="Of what varies from start to start.")] = "1",
    replications: Annotated[str, typer.Option(help="Storms of which this is the mean.")] = "20",
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> int:
    """How soon is each of many sandboxes up when they start at once, and what does it cost?"""
    inputs = Inputs()
    asked: dict[str, Any] = {
        "runtime": inputs.choice("runtime", runtime, RUNTIMES),
        "starts": inputs.integer("starts", starts, 1),
        "running": inputs.integer("running", running, 0),
        "launchers": None if launchers is None else inputs.integer("launchers", launchers, 1),
        "cpus": inputs.read("cpus", cpus, parse_vcpu),
        "host": host,
        "memory": inputs.read("memory", memory, parse_bytes),
        "seed": inputs.integer("seed", seed, 0),
        "replications": inputs.integer("replications", replications, 1),
    }
    inputs.check()
    from sim.studies.storm.host import NoMemory, virtualised
    from sim.studies.storm.study import storm

    try:
        answer = storm(**asked)
    except NoMemory as none:
        _refuse(none, json)
        return 3
    except ValueError as error:
        raise BadInput(str(error)) from error
    remark = virtualised(runtime, host)
    if remark:
        note(remark)
    if json:
        as_json(answer.json())
    else:
        show(answer, asked)
    return 0


def _refuse(none: Any, json: bool) -> None:
    if json:
        as_json({"refused": {"memory_bytes": str(none)}, "fit": none.fit})
    else:
        say(f"{none}.")


def show(answer: Any, asked: dict[str, Any]) -> None:
    """The figures, and what the starts waited for."""
    from sim.studies.storm.study import quantile_of_each

    say(sentence(answer, asked))
    rows = [
        ["start, mean", _seconds(answer.mean_ms)],
        ["start, p50", _seconds(answer.p50_ms)],
        ["start, p99", _seconds(answer.p99_ms)],
        ["first request to last ready", _seconds(answer.makespan_ms)],
        ["host CPU a start", _seconds(answer.host_cpu_ms_per_start)],
        ["memory of all that run at the end", f"{answer.memory_bytes / GiB:.2f} GiB"],
    ]
    table(["", ""], rows, title=_title(asked), right="lr")
    if asked["replications"] > 1 and quantile_of_each(asked["starts"], 0.99):
        say("All are means of the storms: p50 and p99, too, are those of each storm.")
    elif asked["replications"] > 1 and answer.p99_ms is not None:
        say(
            "p99 is of all starts of all storms together, for one storm has too few: "
            "it can be above the last of a mean storm."
        )
    for reason in answer.refused.values():
        say(f"Not given: {reason}.")


def _title(asked: dict[str, Any]) -> str:
    """How many storms, and of which guests where there are any."""
    from sim.studies.storm.host import CONTAINERS

    storms = "1 storm" if asked["replications"] == 1 else f"{asked['replications']} storms"
    if asked["runtime"] in CONTAINERS:
        return storms
    memory = asked["memory"]
    size = f"{memory / GiB:g} GiB" if memory >= GiB else f"{memory / MiB:g} MiB"
    return f"{storms}, guests of {size}"


def sentence(answer: Any, asked: dict[str, Any]) -> str:
    """The answer in one sentence."""
    at_once = asked["launchers"] or asked["starts"]
    how = " at once" if at_once >= asked["starts"] else f" {at_once} at a time"
    noun, how, verb = ("sandbox", "", "is") if asked["starts"] == 1 else ("sandboxes", how, "are")
    what = f"{asked['starts']} {asked['runtime']} {noun}"
    runs = "runs" if asked["running"] == 1 else "run"
    beside = f" beside {asked['running']} that {runs}" if asked["running"] else ""
    cpus = f"{answer.cpus:g} {'CPU' if answer.cpus == 1 else 'CPUs'}"
    return (
        f"{what} started{how}{beside} on {cpus} {verb} up after "
        f"{_seconds(answer.mean_ms)} (mean), the last after {_seconds(answer.makespan_ms)}; "
        f"a lock is held {answer.lock_share:.0%} of that time, "
        f"{answer.cpu_share:.0%} of the CPUs are busy."
    )


def _seconds(milliseconds: float | None) -> str:
    if milliseconds is None:
        return "-"
    return f"{milliseconds:.0f} ms" if milliseconds < 1000.0 else f"{milliseconds / 1000.0:.2f} s"
