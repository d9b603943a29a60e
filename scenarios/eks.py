"""How many small pods fit on an EKS node, what stops them, and what do they wait for?

    python scenarios/eks.py          # 80 Node.js pods at once, with and without prefixes

A node has slots and addresses for 58 pods, or for 110 with prefix delegation; each slot reserves
memory for the kubelet. The kubelet starts ten pulls at once and then five per second. A later pod
backs off for ten seconds, then for twenty, even if the image has arrived in the meantime.
"""

from pathlib import Path

from sim.cli.script import answer, picture, script
from sim import Burst, Scenario, catalog, compare, plots
from sim.units import MiB, vcpu

node = catalog.service("node", cpu=0.05 * vcpu, memory=160 * MiB)
scenarios = {
    name: Scenario(
        name="eks",
        platform=catalog.eks("m5.xlarge", prefix_delegation=name == "eks-prefix"),
        arrivals=(Burst(service=node, tasks=80),),
    )
    for name in ("eks", "eks-prefix")
}


@script(replications=5)
def main(replications: int, seed: int, out: Path) -> None:
    """Launch on both, count, say."""
    results = compare(
        scenarios, times=replications, seed=seed, name="eks", catalogue=catalog.digest(), out=out
    )
    folder = results.save(out)
    runs = results.runs.groupby("variant", sort=False).first()
    throttled = results.spans.query("phase == 'throttled' and run == 0")
    held_up = throttled.groupby("variant")["task"].nunique()
    phases = plots.split_phase(results.tiling(), results.spans, "throttled")
    drawn = picture(plots.waterfalls(phases), folder / "phases.png")
    answer(
        f"Of 80 pods, {runs.ready['eks']} fit on one m5.xlarge, and {runs.ready['eks-prefix']} "
        f"with prefix delegation. {held_up['eks']} and {held_up['eks-prefix']} of them had to back "
        "off before their pull. The reasons are Kubernetes' own.",
        results.runs[["variant", "run", "ready", "refused", "reasons"]],
        folder,
        drawn,
    )


if __name__ == "__main__":
    main()
