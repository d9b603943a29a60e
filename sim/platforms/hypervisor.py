"""A hypervisor on one server: guests, each with a kernel and an OS, sharing nothing."""

from functools import partial
from math import fsum

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.world import World
from sim.host import Machine
from sim.image import Image, ImageStore, Layer, Registry, Unpacking
from sim.platforms.deployment import DOWN, StoryDeployment
from sim.platforms.hosting import Hosting
from sim.platforms.limits import BudgetItem, fits, gpu_ceilings, smallest_first, with_free
from sim.platforms.packing.placing import Placing, ServerRequest, server, server_request
from sim.sandbox import Guest, VirtualMachine
from sim.start import Ceiling, NextStory, Refused, Start, Story
from sim.workload import Demand, Service, task_size


@description
class GuestImages:
    """Images of guests: where they come from, and what fetching one costs a host."""

    registry: Registry
    unpacking: Unpacking
    os_wire: Number
    """Bytes on the wire of the guest OS, compressed."""
    os_files: Number
    """Bytes on disk of the guest OS."""
    here: bool = False
    """Whether every image is on the host's disk already."""

    def of(self, service: Service) -> Image:
        """OS and app as one file, of which another app's image shares nothing."""
        images = task_size(service).images
        layer = Layer(
            digest="/".join(("vm", service.name, *(image.name for image in images))),
            compressed=plain(self.os_wire) + fsum(image.wire for image in images),
            files=plain(self.os_files) + fsum(image.unpacked for image in images),
            count=1.0,
        )
        return Image(name=f"VM image of {service.name}", layers=(layer,))


@description
class Hypervisor(Hosting):
    """KVM-like: one guest OS and one app a guest."""

    machine: Machine
    vm: VirtualMachine
    host_os: Number = 0.0
    """Bytes the hypervisor's own OS uses."""
    bridge_ports: Number
    """Guests that one Linux bridge takes."""
    cpu_overcommit: Number = 1.0
    """Guest vCPUs per vCPU of the machine."""
    images: GuestImages | None = None
    """What brings images of guests; None: they are on disk, and no phase tells of them."""

    def ceilings(self, service: Service) -> tuple[Ceiling, ...]:
        """Guests that fit by reservation, limit by limit, smallest first."""
        size = task_size(service)
        vcpus = self.vm.vcpus(size.cpu)
        return smallest_first(
            Ceiling("vCPU", fits(self.vcpus, vcpus), _MORE_CPU),
            Ceiling("memory", fits(self.room, self.vm.on_host(size.memory)), _MORE_MEMORY),
            *self.slots(service),
        )

    def slots(self, service: Service) -> tuple[Ceiling, ...]:
        """Limits that hold whatever the guests really use: ports of the bridge, GPUs."""
        ports = Ceiling("bridge ports", int(plain(self.bridge_ports)), _SECOND_BRIDGE)
        return (ports, *gpu_ceilings(self.machine, task_size(service).gpus))

    def fits_in_memory(self, service: Service) -> int:
        """Guests that fit in memory by what they use."""
        size = task_size(service)
        return fits(self.room, self.vm.resident(size.memory, size.working_set))

    def last_in_memory(self, service: Service) -> int:
        """The same: what guests have touched, file pages too, the host cannot take back."""
        return self.fits_in_memory(service)

    def placing(self) -> Placing:
        """Guests on servers of one kind: the first that has room."""
        return Placing(
            server(self.machine, self.vcpus, self.room, self.bridge_ports), self._request
        )

    def _request(self, service: Service) -> ServerRequest:
        vm, size = self.vm, task_size(service)
        vcpus, memory = float(vm.vcpus(size.cpu)), vm.on_host(size.memory)
        return server_request(size, cpu=vcpus, memory=memory, guest=True)

    def budget(self, service: Service, count: int) -> tuple[BudgetItem, ...]:
        """How the machine's nominal memory is used with `count` guests at work."""
        vm, size = self.vm, task_size(service)
        nominal = vm.nominal_memory(size.memory)
        kernel, os = nominal - vm.visible(nominal), plain(vm.guest_os)
        spare = vm.resident(size.memory, size.working_set) - plain(vm.vmm_memory) - kernel - os
        return with_free(
            self.machine.memory,
            BudgetItem("lost", plain(self.machine.memory_lost)),
            BudgetItem("OS and daemons", plain(self.host_os)),
            BudgetItem("VMMs", count * plain(vm.vmm_memory)),
            BudgetItem("guest kernels", count * kernel),
            BudgetItem("guest OSes", count * os),
            BudgetItem("apps", count * size.private),
            BudgetItem("file copies", count * size.hot),
            BudgetItem("reserved, unused", count * (spare - size.working_set)),
        )

    def deploy(self, world: World) -> "VirtualHost":
        """The server, up and running."""
        return VirtualHost(self, world)

    @property
    def vcpus(self) -> float:
        """Guest vCPUs that it can hand out."""
        return self.machine.vcpu * plain(self.cpu_overcommit)

    @property
    def room(self) -> float:
        """Bytes left for guests and their VMMs."""
        return self.machine.memory_visible - plain(self.host_os)


class VirtualHost(StoryDeployment):
    """A live server under a hypervisor."""

    def __init__(self, hypervisor: Hypervisor, world: World) -> None:
        super().__init__(world, self._run)
        self._vm = hypervisor.vm
        self.kernel = hypervisor.machine.boot(
            world, hypervisor.machine.name, plain(hypervisor.host_os)
        )
        self._hosts.append(self.kernel)
        self._vcpus = hypervisor.vcpus
        self._room = hypervisor.room
        self._gpus = hypervisor.machine.gpus or 0
        self._bridge = int(plain(hypervisor.bridge_ports))
        self._images = hypervisor.images
        self._store = None if self._images is None else self._storing(self._images)

    def _storing(self, images: GuestImages) -> ImageStore:
        """What keeps images on the disk, and fetches them as a process of the host."""
        fetching = self.kernel.cpu.group(weight=1024.0)
        registry = images.registry.deploy(self.world)
        return ImageStore(self.kernel, fetching, registry, images.unpacking)

    def settle(self, service: Service, count: int) -> list[Guest]:
        """`count` guests that are up already."""
        demand = Demand(self.world, service)
        guests = [Guest(self._vm, self.kernel, demand, None) for _ in range(count)]
        for guest in guests:
            guest.settle()
        return guests

    def _run(self, start: Start) -> NextStory:
        start.phase("placement")
        lacking = self._take(start)
        if lacking is not None:
            return Refused(lacking)
        start.place(self.kernel)
        guest = Guest(self._vm, self.kernel, start.demand, start)
        start.attach_sandbox(guest)
        if self._images is None or self._store is None:
            return guest.boot(start)
        return self._fetched(start, guest, self._images, self._store)

    def _fetched(self, start: Start, guest: Guest, images: GuestImages, store: ImageStore) -> Story:
        """The same, once the image is on disk; guests of one app share it."""
        start.phase("pull")
        if not images.here:
            image = images.of(start.service)
            held = yield from store.pull(start, image, "prefer-cached")
            start.at_end.append(partial(store.release, held))
        return guest.boot(start)

    def _take(self, start: Start) -> str | None:
        size = start.demand.size
        vcpus, memory = float(self._vm.vcpus(size.cpu)), self._vm.on_host(size.memory)
        if not self._hosts:
            return DOWN
        if self._vcpus < vcpus:
            return "vCPU"
        if self._room < memory:
            return "memory"
        if self._gpus < size.gpus:
            return "GPU"
        if self._bridge < 1:
            return "bridge ports"
        self._gpus -= size.gpus
        self._bridge -= 1
        self._vcpus -= vcpus
        self._room -= memory
        start.at_end.append(lambda: self._give_back(vcpus, memory, size.gpus))
        return None

    def _give_back(self, vcpus: float, memory: float, gpus: int) -> None:
        self._gpus += gpus
        self._bridge += 1
        self._vcpus += vcpus
        self._room += memory


_MORE_CPU = "overcommit vCPUs (--cpu-overcommit), or take a larger machine"
_SECOND_BRIDGE = "use a second bridge"
_MORE_MEMORY = "take a machine with more memory, or a smaller --memory"
