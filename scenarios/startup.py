"""How soon is one Java app ready, on every platform, and which phase takes the time?

    python scenarios/startup.py      # 30 starts on each platform, cold and warm; about 2 s

The time runs from the request to the first healthy answer. Cold means that the image has to be
pulled, warm that it is already there.
"""

from pathlib import Path

from sim.cli.script import answer, picture, script
from sim import plots, startup


@script(replications=30)
def main(replications: int, seed: int, out: Path) -> None:
    """Ask, save, say."""
    found = startup(app="java", platform="all", replications=replications, seed=seed)
    folder = found.results.save(out)
    curves = picture(plots.ready_ecdf(found.starts(), app="java"), folder / "ready.png")
    phases = picture(plots.waterfalls(found.results.tiling(), app="java"), folder / "phases.png")
    totals = found.results.summary.query("phase in ('running', 'total')")
    answer(found.sentence(), totals, folder, curves, phases)


if __name__ == "__main__":
    main()
