"""Who should run my service: ECS or EKS, on EC2 or on Fargate, or an instance for each task?

    python scenarios/who_runs_it.py      # one Node.js service, five ways; about 5 s

How many fit on one host by reservation, how soon one is ready from a cold image, and what ten of
them cost on demand in us-east-1: whole hosts, their volumes and the cluster. A second price is that
of one task on a full host. An EC2 instance pulls nothing, because its app is in the machine image.
The service, the arrivals and the seeds are the same; only who runs it differs.
"""

from pathlib import Path

from sim.cli.script import answer, picture, script
from sim import plots, who_runs_it


@script(replications=30)
def main(replications: int, seed: int, out: Path) -> None:
    """Ask, save, say."""
    found = who_runs_it(app="node", instance="m5.xlarge", replications=replications, seed=seed)
    folder = found.results.save(out)
    drawn = picture(plots.side_by_side(found.table(), tasks=found.tasks), folder / "ways.png")
    phases = picture(plots.waterfalls(found.results.tiling(), app="node"), folder / "phases.png")
    answer(found.sentence(), found.table(), folder, drawn, phases)


if __name__ == "__main__":
    main()
