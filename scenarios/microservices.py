"""Which service is the bottleneck of a shop, at what rate, and would one program do better?

    python scenarios/microservices.py      # 100 requests/s; writes results/calls/

The home page calls a catalogue, then tips and advertisements in parallel. One user in five checks
out and waits for a bank. The slow service and the bottleneck are not the same: another copy of the
slow one gains nothing, another copy of the bottleneck a higher rate.
"""

from pathlib import Path

from sim.cli.script import answer, picture, script
from sim import calls, plots, read
from sim.studies.calls.words import sentences

shop = read(Path(__file__).with_name("shop.yaml"))


@script(replications=10)
def main(replications: int, seed: int, out: Path) -> None:
    """Ask, draw, say."""
    found = calls(shop, rate=100.0, requests=500, replications=replications, seed=seed)
    folder = found.results.save(out)
    graph = picture(plots.call_graph(found.uses(), found.calls()), folder / "graph.png")
    steps = picture(plots.request_waterfall(found.paths()), folder / "waterfall.png")
    answer(" ".join(sentences(found)), found.table(), folder, graph, steps)


if __name__ == "__main__":
    main()
