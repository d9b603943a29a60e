"""Scenario files: what is read, and every mistake at once."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sim import catalog
from sim.cli.app import app
from sim.core.description import figures
from sim.experiment import Burst, Poisson
from sim.platforms import DaemonSet, PodTemplate, Resources
from sim.scenario_file import BadFile, load_scenario
from sim.units import GiB, MiB

GOOD = """
name: burst
platform: ecs
host: {instance: m5.xlarge, count: 2}
service: {app: node, cpu: 250m, memory: 512MiB}
arrivals: {tasks: 20}
until: 10min
"""


def written(folder: Path, text: str) -> Path:
    """A file with that text."""
    path = folder / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_becomes_the_scenario_that_python_would_make(tmp_path: Path) -> None:
    """Names become descriptions, units become base units."""
    scenario = load_scenario(written(tmp_path, GOOD)).scenario
    burst = scenario.arrivals[0]

    assert isinstance(burst, Burst)
    assert burst.tasks == 20
    assert (burst.service.cpu, burst.service.memory) == (0.25, 512 * 2**20)
    assert burst.service.image == catalog.image("node:22")
    assert scenario.platform == catalog.ecs("m5.xlarge", count=2)
    assert scenario.until == 600.0


def test_an_image_of_any_size_and_a_poisson_stream(tmp_path: Path) -> None:
    """What-if questions need no catalogue."""
    text = "name: x\nplatform: docker\nimage: {mib: 500}\narrivals: {tasks: 3, per_second: 0.5}\n"
    stream = load_scenario(written(tmp_path, text)).scenario.arrivals[0]

    assert isinstance(stream, Poisson)
    assert stream.service.image is not None
    assert stream.service.image.wire == 500 * 2**20


def test_an_app_has_threads_and_its_requests_vary(tmp_path: Path) -> None:
    """Node.js has one thread and exponential work, unless the file says otherwise."""
    plain = load_scenario(written(tmp_path, GOOD)).scenario.arrivals[0].service
    own = GOOD.replace("app: node", "app: node, threads: 4, variation: 0")
    told = load_scenario(written(tmp_path, own)).scenario.arrivals[0].service

    assert plain.load is not None and told.load is not None
    assert (plain.app.threads, float(plain.load.variation)) == (1, 1.0)
    assert (told.app.threads, told.load.variation) == (4, 0.0)


def test_a_figure_of_the_catalogue_can_be_replaced(tmp_path: Path) -> None:
    """Everywhere it stands in the scenario."""
    text = "name: x\nplatform: fargate\nfigures: {fargate.provision: 3.0}\n"
    scenario = load_scenario(written(tmp_path, text)).scenario

    assert {c.value for _, c in figures(scenario) if c.key == "fargate.provision"} == {3.0}


def test_all_mistakes_are_named_at_once_with_path_value_and_nearest_name(tmp_path: Path) -> None:
    """No mistake hides another."""
    text = """
name: burst test
platfrom: ecs
platform: esc
host: {instance: m5.xlrge, count: 0}
service: {app: jav, cpu: 1024, memory: 512, load: 2}
arrivals: {tasks: 20, at: 5}
figures: {ecs.eni_atach: 3}
"""
    with pytest.raises(BadFile) as caught:
        load_scenario(written(tmp_path, text))
    message = str(caught.value)

    for part in (
        "name: 'burst test' is not allowed",
        "platfrom: there is no such field; did you mean 'platform'",
        "platform: 'esc' is not allowed",
        "did you mean 'ecs'",
        "host.instance: 'm5.xlrge' is not known; did you mean 'm5.xlarge'",
        "host.count: 0 is not allowed",
        "service.app: 'jav' is not known; did you mean 'java'",
        "1024 CPU units per vCPU: write 1",
        "service.memory: '512' is not an amount of memory",
        "service.load: 2 is not allowed; below 1",
        "arrivals.at: '5' is not a duration",
        "ecs.eni_attach",
    ):
        assert part in message


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("name: [", "not YAML"),
        ("- a\n- b\n", "a mapping"),
        ("name: x\nname: y\nplatform: ecs\n", "yaml:2: 'name' stands there twice"),
        ("name: x\n", "platform: it is missing; one of vm, docker"),
        ("name: x\nplatform: docker\nfigures: {fargate.provision: 1}\n", "not in this description"),
        (
            "name: x\nplatform: ecs\nservice: {memory: 1GiB, memory_reservation: 2GiB}\n",
            "at most the hard limit",
        ),
        (
            "name: x\nplatform: fargate\nhost: {count: 2}\n",
            "host.count: 2 is not allowed on fargate, where it has no effect; it is for ecs, eks",
        ),
        ("name: x\nplatform: ecs\nmax_pods: 9\n", "max_pods: 9 is not allowed on ecs"),
        (
            "name: x\nplatform: ecs\nuntil: 99999999h\n",
            "until: '99999999h' is not allowed; at most 315,576,000 s",
        ),
        (f"name: {'x' * 201}\nplatform: ecs\n", "dashes and underscores, at most 200"),
        ("name: x\nplatform: ecs\nuntil: 0s\n", "until: '0s' is not allowed; above 0 s"),
        ("name: x\nplatform: ecs\nseed: true\n", "seed: True is a truth value; a number"),
        (
            "name: x\nplatform: ecs\nfigures: {app.node.startup_wait: true}\n",
            "figures.app.node.startup_wait: True is a truth value; a number",
        ),
    ],
)
def test_a_broken_file_is_exit_2_and_writes_nothing(text: str, part: str, tmp_path: Path) -> None:
    """A clear sentence, no traceback."""
    path, out = written(tmp_path, text), tmp_path / "out"
    result = CliRunner().invoke(app, ["run", str(path), "--out", str(out)])

    assert result.exit_code == 2
    assert part in result.stderr
    assert not out.exists()


def test_a_sweep_over_platforms_may_keep_the_host_of_others(tmp_path: Path) -> None:
    """What a point sets itself has to have an effect at that point."""
    loaded = load_scenario(written(tmp_path, GOOD))

    assert loaded.at(platform="fargate").platform == catalog.ecs_on_fargate()
    with pytest.raises(BadFile, match=r"host.count: 3 is not allowed on fargate"):
        loaded.at(**{"platform": "fargate", "host.count": 3})


@pytest.mark.parametrize("host", ["architecture: arm64", "instance: m6g.large"])
def test_tasks_on_fargate_have_the_architecture_of_the_file(host: str, tmp_path: Path) -> None:
    """Said as such, or as that of an instance."""
    text = f"name: x\nplatform: fargate\nhost: {{{host}}}\n"

    made = load_scenario(written(tmp_path, text)).scenario
    assert made.platform == catalog.ecs_on_fargate("arm64")


def test_no_start_that_became_ready_is_exit_3(tmp_path: Path) -> None:
    """Also where they were only cut off by the end of the run."""
    path = written(tmp_path, GOOD.replace("10min", "1s"))
    result = CliRunner().invoke(app, ["run", str(path), "--out", str(tmp_path / "out")])

    assert result.exit_code == 3
    assert "still open at `until`" in result.stderr


def test_a_missing_file_is_exit_2(tmp_path: Path) -> None:
    """It is named."""
    result = CliRunner().invoke(app, ["run", str(tmp_path / "none.yaml")])

    assert result.exit_code == 2
    assert "there is no such file" in result.stderr


def test_run_prints_json_and_nothing_else(tmp_path: Path) -> None:
    """The summary of a file's scenario."""
    words = ["run", str(written(tmp_path, GOOD)), "--replications", "1", "--json"]
    result = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "out")])

    assert result.exit_code == 0
    assert result.stdout.lstrip().startswith("[")
    assert (tmp_path / "out" / "burst" / "latest").exists()


def test_a_pod_of_a_file_is_the_pod_that_python_would_make(tmp_path: Path) -> None:
    """Requests and limits, init containers and sidecars, slots and score."""
    text = """
name: pods
platform: eks
host: {instance: m5.large}
service: {app: node}
max_pods: 40
prefix_delegation: true
scoring: MostAllocated
pod:
  resources: {cpu_request: 250m, cpu_limit: 1, memory_limit: 512MiB}
  init: [{app: generic, cpu: 0.1, memory: 64MiB}]
  sidecars: [{app: mysql}]
"""
    scenario = load_scenario(written(tmp_path, text)).scenario
    pod = PodTemplate(
        resources=Resources(cpu_request=0.25, cpu_limit=1.0, memory_limit=512 * MiB),
    )

    service = scenario.arrivals[0].service
    assert service.init == (catalog.service("generic", cpu=0.1, memory=64 * MiB),)
    assert service.sidecars == (catalog.service("mysql"),)
    assert scenario.platform == catalog.eks(
        "m5.large", max_pods=40, prefix_delegation=True, scoring="MostAllocated", pod=pod
    )


def test_mistakes_within_a_pod_name_the_fields_that_are_there(tmp_path: Path) -> None:
    """In what may be left out, and in the items of a list."""
    text = "name: a\nplatform: eks\npod: {resources: {cpu_limt: 1}, init: [{ap: node}]}\n"
    with pytest.raises(BadFile) as caught:
        load_scenario(written(tmp_path, text))

    assert "pod.resources.cpu_limt: there is no such field; did you mean 'cpu_limit'" in str(
        caught.value
    )
    assert "pod.init.0.ap: there is no such field; did you mean 'app'" in str(caught.value)


def test_a_request_above_its_limit_is_named_in_a_file(tmp_path: Path) -> None:
    """Where it stands, and what is allowed."""
    text = "name: a\nplatform: eks\npod: {resources: {cpu_request: 2, cpu_limit: 1}}\n"
    with pytest.raises(BadFile, match=r"pod.resources: cpu_request: 2 is not allowed; at most"):
        load_scenario(written(tmp_path, text))


OWN = "name: own\nplatform: docker\nservice: {app: node, cpu: 0.25, memory: 256MiB}\n"


def test_a_line_of_yaml_is_a_machine_of_ones_own(tmp_path: Path) -> None:
    """Its vCPUs and memory bound what fits; its speed, its card and its price are its own."""
    line = "host: {vcpu: 4, memory: 8GiB, core_speed: 2, network: 1, gpus: 1, usd_per_hour: 0.5}\n"
    path = tmp_path / "own.yaml"
    path.write_text(OWN + line)
    server = load_scenario(path).scenario.platform.server.machine

    assert (server.vcpu, server.memory, server.gpus) == (4.0, 8 * GiB, 1)
    assert (server.core_speed, server.nic, server.usd_per_hour) == (2.0, 125e6, 0.5)


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("{vcpu: 4}", "host: vcpu alone is not allowed"),
        ("{memory: 4GiB}", "host: memory alone is not allowed"),
        ("{size: 4x8GiB, vcpu: 4, memory: 8GiB}", "are both given"),
        ("{vcpu: 4, memory: 8}", "host.memory"),
    ],
)
def test_half_a_machine_is_refused(tmp_path: Path, host: str, words: str) -> None:
    """What is missing is said; a number without a unit is no amount of memory."""
    path = tmp_path / "own.yaml"
    path.write_text(f"{OWN}host: {host}\n")

    with pytest.raises(BadFile, match=words):
        load_scenario(path)


START = "name: x\nplatform: ecs\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: x\nplatform: [ecs]\n", "platform: ['ecs'] is not allowed; a text"),
        (START + "[a]: b\n", "a key is a word"),
        (START + "until: 2026-13-01\n", "until: '2026-13-01' is not a duration"),
        (START + "seed: 0b_\n", "seed: '0b_' is not allowed; a whole number"),
        (START + "trunking: !!bool maybe\n", "trunking: 'maybe' is not allowed; true or false"),
        (START + f"seed: {'9' * 4301}\n", "seed: '999"),
        (START + "memory[0]: x\n", "memory[0]: there is no such field"),
        (START + f"service: {{cpu: 1{'0' * 400}}}\n", "service.cpu: "),
        (START + f"host: {'[' * 600}\n", "it is nested too deep"),
        (
            START + "x: &a [1]\n" + "".join(f"x{i}: &a [*a, *a, *a, *a]\n" for i in range(20)),
            "200,000",
        ),
        (
            START + f"figures: {{{', '.join(f'f{i}: 1' for i in range(9999))}}}\n",
            "9999 are not allowed",
        ),
        (START + "sample_every: 0s\n", "sample_every: '0s' is not allowed"),
        (START + "serve: 999999999h\n", "serve: '999999999h' is not allowed"),
        (START + "arrivals: {tasks: 2, per_second: 5.0e-324}\n", "arrivals.per_second: 5e-324"),
        (START + "arrivals: {tasks: 100000000}\n", "arrivals.tasks: 100000000 is not allowed"),
        (START + "host: {count: 10000000}\n", "host.count: 10000000 is not allowed"),
        (START + "figures: {container.create: .nan}\n", "container.create: "),
        (START + "figures: {image.gunzip.rate: 0}\n", "image.gunzip.rate: 0.0 is not allowed"),
        (START + "figures: {spread.boot: 1.0e308}\n", "spread.boot: 1e+308 is not allowed"),
        (START + "name: y\n", "'name' stands there twice; first in line 1"),
        ("", "a scenario is a mapping"),
    ],
)
def test_no_file_ends_in_a_traceback(text: str, words: str, tmp_path: Path) -> None:
    """Whatever YAML, numbers and names can be: a message of at most 2 kB, and no folder."""
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(BadFile) as caught:
        load_scenario(path)

    assert words in str(caught.value)
    assert len(str(caught.value)) < 2000 or "figures" in words


NODES = """name: nodes
platform: eks
host: {instance: t4g.small}
service: {cpu: 50m, memory: 128MiB}
prefix_delegation: true
nodes:
  ami: bottlerocket
  group: self-managed
  daemon_sets: ["50m/64Mi", {name: log, cpu: 20m, memory: 16Mi, host_network: true}]
  kube_reserved: {cpu: 100m, memory: 500Mi}
  system_reserved: 100Mi
  eviction: 5%
  parallel_pulls: 1
"""


def test_nodes_are_written_as_in_kubernetes(tmp_path: Path) -> None:
    """Units, short forms and long ones; what is wrong is said with its path."""
    path = tmp_path / "nodes.yaml"
    path.write_text(NODES, encoding="utf-8")
    platform: Any = load_scenario(path).scenario.platform
    settings = catalog.NodeSettings(
        ami="bottlerocket",
        group="self-managed",
        daemon_sets=(
            "50m/64Mi",
            DaemonSet(name="log", cpu=0.02, memory=2**24, used=2**24, host_network=True),
        ),
        kube_reserved="100m/500MiB",
        system_reserved="100MiB",
        eviction="5%",
        parallel_pulls=1,
    )

    assert platform.node == catalog.node_config(
        "t4g.small", prefix_delegation=True, settings=settings
    )
    assert platform.kubelet.parallel_pulls == 1
    wrong = NODES.replace("500Mi}", "500}").replace("5%", "300").replace("16Mi", "16q")
    path.write_text(wrong.replace("bottlerocket", "ubuntu"), encoding="utf-8")
    with pytest.raises(BadFile) as caught:
        load_scenario(path)
    for words in (
        "nodes.ami: 'ubuntu' is not allowed; 'al2', 'al2023' or 'bottlerocket'",
        "nodes.kube_reserved.memory: '500' is not an amount of memory",
        "nodes.eviction: 300 is not allowed; a size such as 100Mi, or a share such as 5%",
        "nodes.daemon_sets.1: '16q' is not an amount of memory",
    ):
        assert words in str(caught.value)
    path.write_text(NODES.replace("eks", "ecs"), encoding="utf-8")
    with pytest.raises(BadFile, match=r"nodes.group: 'self-managed' is not allowed on ecs"):
        load_scenario(path)


def test_a_mistake_names_the_line_it_stands_in(tmp_path: Path) -> None:
    """However deep, also where only two fields together are wrong; a key of a figure has dots."""
    path = tmp_path / "s.yaml"
    path.write_text(
        "name: x\nplatform: eks\nservice:\n  app: java\n  gpus: 100\n"
        "pod:\n  sidecars:\n    - {app: node}\n    - app: node\n      cpu: [1]\n"
        "figures:\n  container.create: yes\nzones: 1_0\n"
    )
    with pytest.raises(ValueError, match="gpus") as told:
        load_scenario(path)

    lines = sorted(str(told.value).splitlines())
    assert [line.partition(" ")[0] for line in lines] == [f"{path}:{n}:" for n in (10, 12, 13, 5)]
    path.write_text("name: x\nplatform: docker\nhost:\n  vcpu: 4\n")
    with pytest.raises(ValueError, match=rf"{path}:3: host: vcpu alone is not allowed"):
        load_scenario(path)
