"""How long from 0 to 200 tasks when instances have to be launched first, and what is the wait?

    python scenarios/scale_out.py      # five ways to grow; writes results/scale/

Fargate needs no instances, but an account can only launch so many tasks a second. Instances have to
be requested, boot and join the cluster. ECS checks once a minute and then waits for the warm-up of
what it has launched; Karpenter checks every few seconds.
"""

from pathlib import Path

from sim.cli.script import answer, picture, script
from sim import plots, scale_out


@script(replications=5)
def main(replications: int, seed: int, out: Path) -> None:
    """Ask all for the same tasks, measure, say."""
    grown = scale_out(to=200, replications=replications, seed=seed)
    folder = grown.results.save(out)
    drawn = picture(plots.scale_curves(grown.starts), folder / "scale.png")
    limits = "\n".join(row.sentence() for row in grown.rows)
    answer(f"{grown.sentence()}\n{limits}", grown.results.summary, folder, drawn)


if __name__ == "__main__":
    main()
