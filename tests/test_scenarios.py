"""Each scenario's finding, and that its script says it."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import sim
from sim import catalog, density, one_server, scale_in, scale_out, startup, who_runs_it
from sim.files.example import EXAMPLE

SCRIPTS = sorted(Path("scenarios").glob("*.py"))


@pytest.fixture(scope="module")
def node_on_ecs() -> sim.Results:
    """Ten Node.js tasks, one after the other, on one instance with room for eight."""
    node = catalog.service("node")
    arrivals = sim.Poisson(service=node, tasks=10, per_second=0.05)
    scenario = sim.Scenario(name="ecs", platform=catalog.ecs("m5.xlarge"), arrivals=(arrivals,))
    return sim.replicate(scenario, times=10, seed=1)


def test_second_task_on_the_same_instance_skips_the_pull(node_on_ecs: sim.Results) -> None:
    """The first pull leaves the layers on the disk: what is left of the phase is one look-up."""
    spans = node_on_ecs.spans
    pulls = spans[(spans["phase"] == "pull") & (spans["parent"] == "")]
    seconds = (pulls["end_s"] - pulls["start_s"]).groupby(pulls["task"]).median()

    assert seconds[0] > 5.0
    assert seconds[3] < 0.5
    assert set(spans.loc[spans["phase"] == "download", "task"]) == {0}


def test_ecs_refuses_the_ninth_half_vcpu_task_on_four_vcpus(node_on_ecs: sim.Results) -> None:
    """Eight times 512 CPU units are 4096; ECS names what is missing."""
    assert (node_on_ecs.runs["ready"] == 8).all()
    assert (node_on_ecs.runs["reasons"] == "RESOURCE:CPU x2").all()


def test_an_ec2_instance_per_task_pays_for_a_boot_each_time() -> None:
    """Twelve instances are twelve boots, and no two tasks share a host."""
    java = catalog.service("java")
    platform = catalog.ec2_for(java, burstable=False)
    scenario = sim.Scenario(
        name="ec2", platform=platform, arrivals=(sim.Burst(service=java, tasks=12),)
    )
    starts = sim.replicate(scenario, times=3, seed=1).starts()

    assert starts.groupby("run")["host"].nunique().eq(12).all()
    assert (starts["time_to_running_s"] > 6.0).all()


def test_fargate_tasks_beyond_the_burst_wait_for_the_launch_quota() -> None:
    """A hundred at once, then twenty a second; calls of ten come slower than that at first."""
    node = catalog.service("node")
    scenario = sim.Scenario(
        name="fargate",
        platform=catalog.ecs_on_fargate(),
        arrivals=(sim.Burst(service=node, tasks=300),),
    )
    results = sim.replicate(scenario, times=1, seed=1)
    request = results.spans[results.spans["phase"] == "request"].set_index("task")["end_s"]
    pulled = results.spans[results.spans["phase"] == "download"].groupby("task").size()

    # k tasks beyond the bucket cannot all have been granted before k / 20 seconds.
    for k in (50, 100, 150, 200):
        assert request.sort_values().iloc[99 + k] >= k / 20.0 - 1e-9
    assert len(pulled) == 300


def test_on_one_machine_containers_outnumber_vms_and_vcpu_stops_both() -> None:
    """A guest takes a whole vCPU and an OS; a container takes what it was given."""
    found = density(instance="m5.xlarge", cpu=0.25, memory=512 * 2**20, by="reservation")

    assert (found.row("vm").count, found.row("vm").stopped_by) == (4, "vCPU")
    assert (found.row("docker").count, found.row("docker").stopped_by) == (16, "vCPU")
    assert (found.row("ecs-awsvpc").count, found.row("ecs-awsvpc").stopped_by) == (3, "ENI")


def test_a_warm_container_is_ready_first_and_what_needs_a_machine_last() -> None:
    """A warm image leaves only the app's own work; Fargate and EC2 have to find a machine first. A
    VM whose image has to come has its whole OS to fetch."""
    found = startup(app="java", replications=20, seed=1)
    p50 = {(row.platform, row.image): row.seconds["p50_s"] for row in found.totals()}
    guest = p50.pop(("vm", "cold"))

    assert min(p50, key=p50.__getitem__) == ("docker", "warm")
    assert guest > p50["docker", "cold"] + p50["vm", "warm"] - p50["docker", "warm"]
    last = [("fargate", "cold"), ("ec2", "cold"), ("eks-fargate", "cold")]
    assert sorted(p50, key=p50.__getitem__)[-3:] == last
    assert p50["ecs", "warm"] < p50["ecs", "cold"] < p50["fargate", "cold"]


@pytest.mark.parametrize(
    ("prefixes", "fit", "reason"),
    [
        (False, 56, "0/1 nodes are available: 1 Too many pods. x24"),
        (True, 75, "0/1 nodes are available: 1 Insufficient cpu. x5"),
    ],
)
def test_prefixes_take_an_eks_node_from_its_pod_slots_to_its_vcpus(
    prefixes: bool, fit: int, reason: str
) -> None:
    """58 slots less two of DaemonSets; 3920m less 150m at 50m a pod. Ten pull, others back off."""
    small = catalog.service("node", cpu=0.05, memory=160 * 2**20)
    eks = catalog.eks("m5.xlarge", prefix_delegation=prefixes)
    scenario = sim.Scenario(
        name="eks", platform=eks, arrivals=(sim.Burst(service=small, tasks=80),)
    )
    results = sim.replicate(scenario, times=1, seed=1)
    held_up = results.spans[results.spans["phase"] == "throttled"]

    assert results.runs["ready"].tolist() == [fit]
    assert results.runs["reasons"].tolist() == [reason]
    assert held_up["task"].nunique() > fit / 2
    assert (held_up["end_s"] - held_up["start_s"]).min() >= 10.0 - 1e-9


def test_ecs_packs_one_more_than_eks_and_fargate_under_eks_is_ready_last() -> None:
    """kube-reserved and DaemonSets cost a task; a microVM has to become a node first."""
    found = who_runs_it(app="node", replications=5, seed=1).table().set_index("platform")

    assert found.loc[["ecs", "eks"], "count"].tolist() == [8, 7]
    assert found["ready_p50_s"].idxmax() == "eks-fargate"
    assert found.loc["fargate", "ready_p50_s"] > found.loc["eks", "ready_p50_s"]
    assert found["usd_per_month_each"].idxmax() == "ec2"
    assert found.loc["eks-fargate", "usd_per_month"] > found.loc["fargate", "usd_per_month"]
    assert found.loc[["ecs", "eks", "ec2"], "hosts"].tolist() == [2, 2, 10]
    assert found.loc["ecs", "usd_per_month"] == pytest.approx(2 * (730 * 0.192 + 30 * 0.08))


def test_three_vms_hold_several_times_the_memory_of_three_containers() -> None:
    """Guests reserve their nominal memory; containers hold what they use, on one kernel."""
    results = one_server(replications=2, serve=5.0)
    samples = results.samples[results.samples["resource"] == "memory"]
    peak = samples.groupby("variant")["used"].max()
    ready = results.runs.groupby("variant")["time_to_ready_s_node"].mean()

    assert peak["vm"] > 5 * peak["docker"]
    assert ready["vm"] > ready["docker"]


@pytest.mark.usefixtures("dotless")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_prints_a_sentence_a_table_and_its_files(
    script: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With one replication, in this process: what a script shares need not be imported anew."""
    monkeypatch.syspath_prepend(str(script.parent))
    import_module(script.stem).main(["--replications", "1", "--out", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    files = [Path(line.removeprefix("wrote ")) for line in lines if line.startswith("wrote ")]

    assert lines[0]
    assert any("──" in line for line in lines)
    assert files
    assert all(file.exists() for file in files)


def test_a_script_is_a_program(tmp_path: Path) -> None:
    """As a user runs it."""
    command = [sys.executable, "-W", "error", "scenarios/ecs.py", "--replications", "1"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path)], capture_output=True, text=True, check=True
    )

    assert any(line.startswith("wrote ") for line in done.stdout.splitlines())


def test_workers_that_cannot_be_had_are_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2 from a script, as from a verb."""
    monkeypatch.syspath_prepend(str(SCRIPTS[0].parent))
    with pytest.raises(SystemExit) as ended:
        import_module("startup").main(["--jobs", "1000", "--out", str(tmp_path)])

    assert ended.value.code == 2
    assert "jobs: 1000 is not allowed; 1 to " in capsys.readouterr().err


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_reads_like_prose(script: Path) -> None:
    """A question in its docstring, 20 to 60 lines beside what it defines, no control flow."""
    import ast

    tree = ast.parse(script.read_text(encoding="utf-8"))
    flow = [node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While | ast.Try)]
    branches = [node for node in ast.walk(tree) if isinstance(node, ast.If)]

    assert "?" in (ast.get_docstring(tree) or "").splitlines()[0]
    whole = len(script.read_text(encoding="utf-8").splitlines())
    own = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    defined = sum((node.end_lineno or 0) - node.lineno + 6 for node in own)  # and what is around
    assert 20 <= whole - defined <= 60
    assert not flow
    assert len(branches) == 1  # `if __name__ == "__main__"`


def test_where_machines_come_first_karpenter_is_minutes_ahead_of_a_capacity_provider() -> None:
    """Within seconds a batch is closed; a capacity provider waits for the warm-up of two."""
    rows = {row.platform: row for row in scale_out(to=200, replications=1).rows}
    last = {name: row.times["t90_s"].value for name, row in rows.items()}

    assert max(last, key=last.__getitem__) == "ecs-asg"
    assert last["ecs-asg"] - last["eks-karpenter"] > 240.0
    assert last["fargate"] < last["eks-karpenter"]


def test_ecr_public_throttles_first_docker_hub_loses_most_and_ecr_does_neither() -> None:
    """500 tasks at once: ten pulls a second are exceeded sooner than a hundred in six hours."""
    killed, first = {}, {}
    for name in ("ecr", "ecr-public", "docker-hub"):
        scenario = sim.Scenario(
            name="registries",
            platform=catalog.ecs_on_fargate(pulls_from=catalog.registry(name)),
            arrivals=(sim.Burst(service=catalog.service("node"), tasks=500),),
        )
        results = sim.replicate(scenario, times=1, seed=1)
        killed[name] = results.runs["killed"].iloc[0]
        first[name] = results.spans.query("phase == 'throttled'")["start_s"].min()

    assert killed["ecr"] == 0 < killed["ecr-public"] < killed["docker-hub"]
    assert first["ecr-public"] < first["docker-hub"]
    assert first["ecr"] != first["ecr"]  # never


def test_a_changed_line_moves_its_own_layer_and_nothing_of_the_base() -> None:
    """At first the base image is nearly all that moves; then one small file is."""
    found = sim.lifecycle(
        "scenarios/dockerfiles/node/Dockerfile", app="node", change="src/server.js"
    )
    total = found.timeline.total
    pulls = [total(number, "pull") for number in (1, 2)]
    pushes = [total(number, "push") for number in (1, 2)]
    base = catalog.image("node:22").wire

    assert all(row is not None for row in (*pulls, *pushes))
    assert [row.size for row in pulls if row] == [row.size for row in pushes if row]
    assert [row.size > base for row in pushes if row] == [True, False]
    assert [row.size < 1000 for row in pushes if row] == [False, True]
    ready = [found.timeline.after(number, "app") or 0.0 for number in (1, 2)]
    assert ready[1] < ready[0] / 10


def test_the_cheapest_container_is_on_graviton_and_the_densest_host_costs_twice_as_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All types with a price, at 0.25 vCPU and 1 GiB; bridge ports end the densest."""
    monkeypatch.syspath_prepend(str(SCRIPTS[0].parent))
    types = import_module("sweep_instance_types").types
    frontier = types[types["frontier"]]
    dense, cheap = frontier.iloc[0], frontier.iloc[-1]

    assert len(types) >= 40
    assert cheap["architecture"] == "arm64"
    assert (dense["count"], dense["stopped_by"]) == (1023, "bridge ports")
    assert 1.5 < dense["usd_per_container_hour"] / cheap["usd_per_container_hour"] < 2.5
    whole = types["hosts"] * types["usd_per_hour"] * 730 + types["hosts"] * 30 * 0.08
    assert (types["hosts"] == -(-100 // types["count"])).all()
    assert types["usd_per_month"].to_numpy() == pytest.approx(whole.to_numpy())


def test_the_simulation_admits_what_the_arithmetic_of_a_type_says() -> None:
    """One task more than fits is launched: it is refused, and the others become ready."""
    from sim.studies.instance_types import by_instance_type

    node = catalog.service("node", cpu=0.25, memory=2**30)
    types = by_instance_type(node, "m6g.*large").query("count < 64").set_index("instance")["count"]
    scenarios = {
        name: sim.Scenario(
            name="sweep",
            platform=catalog.ecs(name, warm=[node.image] if node.image else []),
            arrivals=(sim.Burst(service=node, tasks=count + 1),),
        )
        for name, count in types.items()
    }
    runs = sim.compare(scenarios, times=1).runs.set_index("variant")

    assert len(types) >= 4
    assert (runs["ready"] == types).all()
    assert (runs["refused"] == 1).all()


def test_when_a_service_shrinks_karpenter_is_down_first_and_ecs_keeps_every_instance() -> None:
    """Any task may end, so each instance keeps some: only who moves pods gets rid of one."""
    rows = {row.platform: row for row in scale_in(begin=200, to=80, replications=1).rows}

    assert rows["eks-karpenter"].hosts.value < rows["eks-cas"].hosts.value
    assert rows["ecs-asg"].hosts.value == rows["ecs-asg"].hosts_before.value
    assert rows["eks-karpenter"].usd_per_hour < rows["ecs-asg"].usd_per_hour


def test_what_is_slow_and_what_stops_the_shop_are_two_services() -> None:
    """The bank is waited for and idle; tips are full first, then the database."""
    shop = sim.read("scenarios/shop.yaml")
    found = sim.calls(shop, rate=100.0, requests=400, replications=2, monolith=False)
    first, second = found.bottleneck, found.next_bottleneck
    slowest = max(found.services, key=lambda each: each.p95_part_s or 0.0)

    assert first is not None
    assert second is not None
    assert (first.name, second.name, slowest.name) == ("tips", "db", "pay")
    assert first.saturates_per_s == pytest.approx(0.5 / (0.8 * 0.004))
    assert second.saturates_per_s == pytest.approx(1.0 / (2.0 * 0.003))
    assert slowest.use < 0.5 < first.use
    assert abs(found.one_more["pay"].difference_s.value) < 0.1 * found.all.times["p95_s"].value


def test_a_dead_host_takes_its_tasks_and_eks_gives_it_up_last() -> None:
    """One in four of the tasks where four hosts share them; 350 s on EKS against 180 on ECS."""
    found = sim.fail(platform=("ecs", "fargate", "eks"), tasks=40, replications=1)
    rows = {row.platform: row.times() | {"lost": row.lost} for row in found.rows}

    assert [rows[name]["lost"] for name in ("ecs", "fargate", "eks")] == [10, 1, 10]
    assert rows["eks"]["replaced_s"].value == 350.0
    assert rows["ecs"]["serving_s"].value < rows["fargate"]["serving_s"].value
    assert rows["fargate"]["serving_s"].value < rows["eks"]["serving_s"].value


def test_a_disk_has_no_weights_so_a_writer_slows_containers_and_no_vm() -> None:
    """Without io.max each queued write counts as much as a victim's read."""
    rows = {row.way: row for row in sim.neighbours(bad="disk", replications=1, window=4.0).rows}

    assert rows["containers, no limits"].p95.value > 2.0
    assert rows["containers, limits"].p95.value < 1.4
    assert rows["VMs, a volume each"].p95.value == 1.0
    assert rows["VMs, a volume each"].places < rows["containers, limits"].places


def test_three_services_cost_least_by_the_task_until_they_fill_a_second_machine() -> None:
    """3.75 vCPUs on Fargate against four of an m5.xlarge; half as many more, and it turns."""
    shop = sim.read("scenarios/applications/shop.yaml")
    found = sim.plan(shop, start=False)
    cost = found.table().set_index("platform")["usd_per_month"]

    assert found.chosen is not None and found.chosen.name == "fargate"
    assert cost["fargate"] < cost["ecs"] < 1.1 * cost["fargate"]
    assert cost["ecs"] == pytest.approx(0.192 * 730)


def test_the_application_of_the_scenarios_is_the_one_that_init_writes() -> None:
    """One example, but for its name."""
    kept = Path("scenarios/applications/shop.yaml").read_text(encoding="utf-8")

    assert kept.replace("shop.yaml", "application.yaml") == EXAMPLE
