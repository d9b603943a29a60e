"""EC2: an instance a task. An instance is a guest of AWS's hypervisor, never oversubscribed."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

from simpy import Event

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.randomness import Varying, median
from sim.core.token_bucket import Quota
from sim.core.world import World
from sim.host import Kernel, Machine, Step
from sim.image import ImageStore, Registry, Unpacking
from sim.image.transfer.registry import LiveRegistry
from sim.platforms.deployment import BareDeployment
from sim.platforms.hosting import Hosting
from sim.platforms.limits import BudgetItem, fits, with_free
from sim.sandbox import ContainerEngine, ContainerRuntime
from sim.sandbox.app_process import InstalledApp, RunningApp
from sim.sandbox.task import BringUp, run_task
from sim.start import READY, Ceiling, Refused, Start, StartGate, Starting, Story
from sim.workload import Demand, Service, task_size


@description
class DockerOnInstance:
    """What a machine image has that runs containers: a daemon, and where it pulls from."""

    runtime: ContainerRuntime
    registry: Registry
    unpacking: Unpacking

    def boot(
        self, kernel: Kernel, registry: LiveRegistry, lone: int | None = None
    ) -> ContainerEngine:
        """The daemon of an instance that is up, with nothing on its disk.

        Args:
            lone: the task that has the instance to itself and nothing to do while it pulls.
        """
        daemon = kernel.cpu.group(weight=1024.0)
        store = ImageStore(kernel, daemon, registry, self.unpacking, lone=lone)
        return ContainerEngine(kernel, daemon, store, self.runtime.deploy(kernel.world))


@description
class EC2(Hosting):
    """RunInstances, one app an instance; the app is in the machine image, or a container."""

    machine: Machine
    """The instance type."""
    api_call: Varying
    """Seconds of the RunInstances call."""
    requests: Quota
    """Calls an account may make."""
    instances: Quota
    """Instances an account may ask for."""
    pending: Varying
    """Seconds from the call's answer to state running: placement, ENI, volume, VMM."""
    boot: Step
    """From running to user space up."""
    up: Number | None = None
    """Seconds from the call until user space is up, where only the whole was measured: the boot
    then takes what call and pending leave of it. None: it takes what its step says."""
    guest_os: Number = 0.0
    """Bytes the OS uses."""
    docker: DockerOnInstance | None = None
    """What pulls and runs the app's image once the instance is up; None: the app is installed."""
    account_vcpus: Number
    """vCPUs of running on-demand instances an account may have."""

    @property
    def booting(self) -> Step:
        """The boot, as long as it takes."""
        if self.up is None:
            return self.boot
        before = median(self.api_call) + median(self.pending)
        return replace(self.boot, wall=max(0.0, plain(self.up) - before))

    def ceilings(self, service: Service) -> tuple[Ceiling, ...]:
        """One app an instance; then what the account allows, in instances: none of a large type.

        The quota comes last however small it is: it is the account's, not the host's.
        """
        lacking = self.lacking(service)
        if lacking is not None:
            return (Ceiling(lacking, 0, "take a larger instance type"),)
        quota = plain(self.account_vcpus)
        return (
            Ceiling(
                "one task per instance",
                1,
                _ALONE,
            ),
            Ceiling(
                f"account quota ({quota:g} vCPUs of on-demand instances)",
                fits(quota, self.machine.vcpu),
                "ask for a higher quota (Service Quotas, L-1216C47A)",
                of_account=True,
            ),
        )

    def lacking(self, service: Service) -> str | None:
        """What the instance has too little of; None: it holds the service."""
        size = task_size(service)
        if size.cpu > self.machine.vcpu:
            return "vCPU"
        if size.gpus > (self.machine.gpus or 0):
            return "GPU"
        return "memory" if size.memory > self._room else None

    def budget(self, service: Service, count: int) -> tuple[BudgetItem, ...]:
        """How an instance's nominal memory is used with its app at work."""
        size = task_size(service)
        return with_free(
            self.machine.memory,
            BudgetItem("lost", plain(self.machine.memory_lost)),
            BudgetItem("OS and daemons", plain(self.guest_os)),
            BudgetItem("apps", count * size.private),
            BudgetItem("file copies", count * size.hot),
        )

    def quota(self) -> tuple[str, float | None]:
        """What the account counts its hosts as, and the vCPUs it may have."""
        return "on-demand instances", plain(self.account_vcpus)

    def deploy(self, world: World) -> "Account":
        """An account with full quotas."""
        return Account(self, world)

    @property
    def _room(self) -> float:
        return self.machine.memory_visible - plain(self.guest_os)


class Account(BareDeployment):
    """A live account: its quotas, and the instances it has."""

    def __init__(self, ec2: EC2, world: World) -> None:
        super().__init__(world)
        self._ec2 = ec2
        self._machines: dict[Start, Kernel] = {}
        self._requests = ec2.requests.deploy(world.env)
        self._instances = ec2.instances.deploy(world.env)
        self._call = world.random.sampler("ec2/api_call", ec2.api_call)
        self._pending = world.random.sampler("ec2/pending", ec2.pending)
        self._boot = world.random.sampler("ec2/boot", ec2.boot.noise)
        self._registry = None if ec2.docker is None else ec2.docker.registry.deploy(world)

    def launch(
        self, service: Service, count: int = 1, gate: StartGate | None = None
    ) -> Sequence[Start]:
        """One RunInstances call for `count` instances."""
        answered = self.world.env.process(self._request(count))
        demand = Demand(self.world, service)
        return [
            Start(self.world, demand, lambda start: self._launched(start, answered), gate)
            for _ in range(count)
        ]

    def stop(self, start: Start) -> Event:
        """TerminateInstances; until then an instance whose app was killed is still there."""
        if start in self._machines:
            self._hosts.remove(self._machines.pop(start))
        return super().stop(start)

    def lose(self, kernel: Kernel) -> None:
        """An instance has died."""
        self._hosts.remove(kernel)
        for start in [s for s, mine in self._machines.items() if mine is kernel]:
            del self._machines[start]

    def recover(self, start: Start) -> Start:
        """EC2's automatic recovery: the instance boots again, on other hardware."""
        return self._stands_in(start, Start(self.world, start.demand, self._up, anew=True))

    def _again(self, start: Start) -> Start:
        """An Auto Scaling group launches another one."""
        answered = self.world.env.process(self._request(1))
        return Start(self.world, start.demand, lambda new: self._launched(new, answered), anew=True)

    def _request(self, count: int) -> Generator[Event, Any, None]:
        yield self._requests.take()
        yield self._instances.take(count)
        yield self.world.env.timeout(self._call())

    def _launched(self, start: Start, answered: Event) -> Story:
        """Once the call is answered, the instance is placed and gets its ENI and its volume."""
        start.phase("request")
        yield answered
        lacking = self._ec2.lacking(start.service)
        if lacking is not None:
            return Refused(lacking)
        start.phase("pending")
        yield self.world.env.timeout(self._pending())
        return self._up(start)

    def _up(self, start: Start) -> Story:
        """The instance is running: boot it, then start the app, or pull and run its container."""
        ec2 = self._ec2
        name = f"{ec2.machine.name}-{start.task}"
        kernel = ec2.machine.boot(self.world, name, plain(ec2.guest_os))
        start.place(kernel)
        self._hosts.append(kernel)
        self._machines[start] = kernel
        if ec2.docker is not None and self._registry is not None:
            yield from self._boots(start, kernel)
            engine = ec2.docker.boot(kernel, self._registry, start.lone)
            start.at_end.append(engine.store.abandon)
            return engine.run(start)
        if not start.demand.alone:
            yield from self._boots(start, kernel)
            return run_task(start, _installed(kernel))
        instance = InstalledApp(RunningApp(kernel, start.demand, 1024.0, start.kill))
        start.attach_sandbox(instance)
        yield from self._boots(start, kernel)
        start.phase("app")
        yield from instance.app.run(start)
        return READY

    def _boots(self, start: Start, kernel: Kernel) -> Generator[Event, Any, None]:
        step = self._ec2.booting.plain()
        start.phase("boot")
        with kernel.start_work(step, kernel.cpu, self._boot()) as booting:
            yield booting


def _installed(kernel: Kernel) -> BringUp:
    """Brings up one of several programs of an instance."""

    def bring_up(start: Starting) -> Generator[Event, Any, None]:
        start.phase("app")
        app = RunningApp(kernel, start.demand, start.demand.shares, start.kill)
        start.attach_sandbox(InstalledApp(app))
        yield from app.run(start)

    return bring_up


_ALONE = "EC2 alone runs one task per instance; containers can share one"
