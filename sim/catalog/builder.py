"""A machine that builds and pushes, the repositories it pushes to, and names of base images."""

from sim.catalog.apps import image
from sim.catalog.containers import unpacking
from sim.catalog.figures import control_plane, core_of, figure
from sim.catalog.instances.machines import machine
from sim.catalog.instances.table import DEFAULT_TYPE
from sim.catalog.known_images import known_image
from sim.catalog.registries import registry
from sim.core.cited import Cited
from sim.image import Builder, Image, Packing, Repository, RetryPolicy


def builder(type_: str = DEFAULT_TYPE) -> Builder:
    """An EC2 instance with Docker, BuildKit and the containerd image store.

    Base images come from Docker Hub; one build is far below its quota, so the client's retry_policy
    does not matter.
    """
    return Builder(
        machine=machine(type_),
        registry=registry("docker-hub", retry_policy=RetryPolicy()),
        unpacking=unpacking(),
        packing=Packing(
            compress_rate=figure("image.gzip.compress_rate"),
            core=core_of("image.gzip.compress_rate"),
            uploads=int(figure("image.layer_uploads").value),
        ),
        os_and_daemons=figure("vm.memory.guest_os.ubuntu_docker"),
    )


def repository(name: str = "ecr") -> Repository:
    """A fresh repository of a registry.

    On Docker Hub the layers of official images are mounted from there; a repository of ECR has
    none of them.
    """
    return Repository(
        registry=registry(name),
        upload_rate=control_plane("registry.upload_rate"),
        largest_layer=_largest(name),
        mounts_public=name.startswith("docker-hub"),
    )


def official(name: str) -> Image:
    """The image that a FROM names, or the nearest of its kind, whose name it has.

    Raises:
        UnknownName: it is not in the catalogue.
    """
    known = known_image(name)
    return image(name) if known is None or known.image is None else known.image


def _largest(name: str) -> Cited | None:
    if name == "ecr":
        return figure("registry.ecr.largest_layer")
    return figure("registry.ecr_public.largest_layer") if name.startswith("ecr-public") else None
