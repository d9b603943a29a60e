"""Round-number machines, apps and platforms: none of their numbers is from the catalogue."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sim.core.recorder import OUTCOMES, Recorder
from sim.core.token_bucket import Quota
from sim.core.world import World
from sim.host import Kernel, Machine, Step
from sim.image import Image, Layer, Registry, Unpacking
from sim.platforms import (
    EC2,
    ECS,
    EKS,
    ControlPlane,
    Docker,
    Fargate,
    FargateProfile,
    FargateSize,
    Fleet,
    Hypervisor,
    Kubelet,
    KubernetesControlPlane,
    NodeConfig,
    PodTemplate,
)
from sim.platforms.ecs.capacity_provider import CapacityProvider
from sim.platforms.scaling.instance_launch import InstanceLaunch
from sim.sandbox import ContainerRuntime, VirtualMachine
from sim.sharing import Group
from sim.start import Start
from sim.units import GiB, MiB
from sim.workload import App, Load, Service


class Row(NamedTuple):
    """One filed span, in words."""

    task: int
    phase: str
    parent: str
    start: float
    end: float
    outcome: str

    @property
    def length(self) -> float:
        return self.end - self.start


def app(
    name: str = "app",
    *,
    cpu: float = 0.0,
    wait: float = 0.0,
    threads: int = 1,
    spread: float = 0.0,
    private: float | None = None,
    hot: float = 0.0,
    read: float = 0.0,
) -> App:
    step = Step(cpu=cpu, wait=wait, threads=threads, spread=spread)
    return App(name=name, startup=step, private=private, hot_files=hot, startup_read=read)


def service(
    name: str = "web", *, cpu: float = 1.0, memory: float = 100 * MiB, **rest: Any
) -> Service:
    return Service(name=name, cpu=cpu, memory=memory, **{"app": app(), **rest})


def image(*sizes: float, name: str = "image", ratio: float = 1.0) -> Image:
    layers = tuple(
        Layer(digest=f"{name}/{n}", compressed=size, unpack_ratio=ratio)
        for n, size in enumerate(sizes)
    )
    return Image(name=name, layers=layers)


def machine(vcpu: float = 4.0, memory: float = 1000 * MiB, **rest: Any) -> Machine:
    return Machine(**{"name": "box", "vcpu": vcpu, "memory": memory, **rest})


def registry(**rest: Any) -> Registry:
    return Registry(**{"name": "hub", "latency": 1.0, "connection_rate": 10 * MiB, **rest})


def unpacking(**rest: Any) -> Unpacking:
    return Unpacking(**{"decompress_rate": 50 * MiB, "unpack_cpu": 0.0, **rest})


def runtime(**rest: Any) -> ContainerRuntime:
    steps = {"create": Step(cpu=0.25, wait=0.25), "start": Step(cpu=0.25)}
    return ContainerRuntime(**{**steps, "shim": 10 * MiB, **rest})


def fleet(box: Machine | None = None, **rest: Any) -> Fleet:
    parts = {"runtime": runtime(), "registry": registry(), "unpacking": unpacking()}
    return Fleet(machine=box or machine(), **{**parts, **rest})


def docker(box: Machine | None = None, *, bridge_ports: float = 1000, **rest: Any) -> Docker:
    return Docker(server=fleet(box, **rest), bridge_ports=bridge_ports)


def vm(**rest: Any) -> VirtualMachine:
    parts = {
        "vmm": Step(cpu=0.25),
        "firmware": Step(cpu=0.5),
        "kernel": Step(cpu=0.25),
        "user_space": Step(cpu=1.0, wait=1.0),
        "vmm_memory": 10 * MiB,
        "guest_kernel_fixed": 8 * MiB,
        "guest_os": 20 * MiB,
    }
    return VirtualMachine(**{**parts, **rest})


def hypervisor(box: Machine | None = None, **rest: Any) -> Hypervisor:
    return Hypervisor(machine=box or machine(), **{"vm": vm(), "bridge_ports": 1024, **rest})


def control_plane(**rest: Any) -> ControlPlane:
    parts = {
        "call": 0.0,
        "placement": 0.0,
        "eni_attach": 0.0,
        "dynamic_ports": 900,
        "bridge_ports": 1000,
    }
    return ControlPlane(**{**parts, **rest})


def ecs(box: Machine | None = None, *, control: ControlPlane | None = None, **rest: Any) -> ECS:
    ours = {key: rest.pop(key) for key in list(rest) if key in Fleet.__dataclass_fields__}
    return ECS(capacity=fleet(box, **ours), control_plane=control or control_plane(), **rest)


def fargate(**rest: Any) -> Fargate:
    parts = {
        "sizes": (
            FargateSize(vcpu=1.0, memory=1 * GiB),
            FargateSize(vcpu=1.0, memory=2 * GiB),
            FargateSize(vcpu=2.0, memory=4 * GiB),
        ),
        "launches": Quota(size=100, refill=20),
        "provision": 10.0,
        "runtime": runtime(),
        "registry": registry(),
        "unpacking": unpacking(),
        "os_and_daemons": 50 * MiB,
        "nic": 100 * MiB,
        "disk": 100 * MiB,
        "account_vcpus": 10,
        "usd_per_vcpu_hour": 1.0,
        "usd_per_gb_hour": 0.25,
    }
    return Fargate(**{**parts, **rest})


def ecs_on_fargate(*, control: ControlPlane | None = None, **rest: Any) -> ECS:
    return ECS(capacity=fargate(**rest), control_plane=control or control_plane())


def ec2(box: Machine | None = None, **rest: Any) -> EC2:
    parts = {
        "api_call": 1.0,
        "requests": Quota(size=100, refill=10),
        "instances": Quota(size=1000, refill=10),
        "pending": 5.0,
        "boot": Step(cpu=1.0, wait=1.0),
        "guest_os": 50 * MiB,
        "account_vcpus": 32,
    }
    return EC2(machine=box or machine(), **{**parts, **rest})


def node_config(**rest: Any) -> NodeConfig:
    parts = {
        "max_pods": 20,
        "reserved_memory": 100 * MiB,
        "reserved_memory_per_pod": 10 * MiB,
        "eviction_memory": 50 * MiB,
    }
    return NodeConfig(**{**parts, **rest})


def kubelet(**rest: Any) -> Kubelet:
    pulls = {"pulls": Quota(size=10, refill=5), "back_off": 10.0, "longest_back_off": 300.0}
    return Kubelet(**{**pulls, "sandbox": Step(wait=0.5), **rest})


def kubernetes(**rest: Any) -> KubernetesControlPlane:
    unlimited = Quota(size=1e6, refill=1e6)
    return KubernetesControlPlane(
        **{"call": 0.0, "creations": unlimited, "bindings": unlimited, **rest}
    )


def eks(
    box: Machine | None = None,
    *,
    node: NodeConfig | None = None,
    control: KubernetesControlPlane | None = None,
    kubelet_: Kubelet | None = None,
    **rest: Any,
) -> EKS:
    ours = {key: rest.pop(key) for key in list(rest) if key in Fleet.__dataclass_fields__}
    return EKS(
        capacity=fleet(box, **{"runtime": runtime(shim=0.0), **ours}),
        control_plane=control or kubernetes(),
        kubelet=kubelet_ or kubelet(),
        node=node or node_config(),
        **rest,
    )


def eks_on_fargate(*, pod: PodTemplate | None = None, **rest: Any) -> EKS:
    return EKS(
        capacity=fargate(**rest),
        control_plane=kubernetes(),
        kubelet=kubelet(),
        profile=FargateProfile(overhead=256 * MiB, registration=5.0),
        pod=pod or PodTemplate(),
    )


LOAD = Load(share=0.5, request_cpu=0.01)

PLATFORMS: dict[str, Any] = {
    "docker": docker(),
    "vm": hypervisor(),
    "microvm": hypervisor(vm=vm(firmware=None, backing="on_touch")),
    "ec2": ec2(),
    "ecs-bridge": ecs(),
    "ecs-awsvpc": ecs(machine(enis=20), network="awsvpc"),
    "fargate": ecs_on_fargate(),
    "eks": eks(),
    "eks-fargate": eks_on_fargate(),
}
"""One of each kind, by name."""

CONTAINER = ("pull", "create", "start", "app")
PHASES: dict[str, tuple[str, ...]] = {
    "docker": CONTAINER,
    "vm": ("placement", "vmm", "firmware", "kernel", "user_space", "app"),
    "microvm": ("placement", "vmm", "kernel", "user_space", "app"),
    "ec2": ("request", "pending", "boot", "app"),
    "ecs-bridge": ("request", "placement", "network", *CONTAINER),
    "ecs-awsvpc": ("request", "placement", "network", *CONTAINER),
    "fargate": ("request", "provision", *CONTAINER),
    "eks": ("request", "placement", "network", *CONTAINER),
    "eks-fargate": ("request", "provision", "network", *CONTAINER),
}
"""In the order of docs/model.md, Starts."""


def launch(
    platform: Any, what: Service, count: int = 1, *, seed: int = 1
) -> tuple[World, Any, Sequence[Start]]:
    """A world in which `count` starts have run to their end."""
    world = World(seed)
    deployment = platform.deploy(world)
    starts = deployment.launch(what, count)
    world.env.run()
    return world, deployment, starts


def outcomes(starts: Sequence[Start]) -> list[str]:
    return [str(start.value) for start in starts]


def rows(record: Recorder) -> list[Row]:
    """All filed spans, in words."""
    names, filed = record.phases.all(), record.filed
    return [
        Row(task, names[phase], names[parent], start, end, OUTCOMES[outcome])
        for task, phase, parent, start, end, outcome in zip(
            filed.task,
            filed.phase,
            filed.parent,
            filed.start,
            filed.end,
            filed.outcome,
            strict=True,
        )
    ]


def tiles(record: Recorder, task: int) -> list[Row]:
    """The spans that tile one start."""
    return [row for row in rows(record) if row.task == task and not row.parent]


def length(record: Recorder, phase: str, task: int = 0) -> float:
    """Seconds of one phase of one start."""
    return next(row.length for row in rows(record) if (row.task, row.phase) == (task, phase))


def kernel(world: World, box: Machine | None = None, held: float = 0.0) -> Kernel:
    return (box or machine()).boot(world, "box-0", held)


def idle(live: Kernel) -> bool:
    """Whether nothing runs on CPU, disk and NIC now."""
    shared: list[Group] = [live.cpu, *(part for part in (live.disk, live.nic) if part)]
    return all(part.rate == 0.0 for part in shared)


def instance_launch(**rest: Any) -> InstanceLaunch:
    parts = {
        "decided": 0.0,
        "calls": Quota(size=100, refill=10),
        "instances": Quota(size=1000, refill=10),
        "per_call": 100,
        "stages": (10.0, 30.0),
    }
    return InstanceLaunch(**{**parts, **rest})


def capacity_provider(box: Machine | None = None, **rest: Any) -> CapacityProvider:
    parts = {
        "fleet": fleet(box, runtime=runtime(create=Step(), start=Step())),
        "begin_empty": True,
        "launch": instance_launch(),
        "metric_period": 60.0,
        "warm_up": 300.0,
        "from_zero": 2,
        "provisioning": 300,
        "scale_in_points": 15,
        "most": 5000,
    }
    return CapacityProvider(**{**parts, **rest})


def growing_ecs(box: Machine | None = None, **rest: Any) -> ECS:
    ours = {key: rest.pop(key) for key in list(rest) if key in ECS.__dataclass_fields__}
    return ECS(capacity=capacity_provider(box, **rest), control_plane=control_plane(), **ours)
