"""What people set on EKS nodes, in words of the kubelet, of nodeadm and of the VPC CNI."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Annotated, Literal, TypeAlias, TypeVar

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema

from sim.catalog.instances.amis import Ami
from sim.core.description import description
from sim.core.names import shown
from sim.core.quantity import AtMost, Bytes, Vcpu, parse_bytes, parse_vcpu, shown_size
from sim.core.question import Question, Typed
from sim.platforms.kubernetes.daemon_set import DaemonSet

T = TypeVar("T")

PullMode: TypeAlias = Literal["containerd", "containerd-parallel", "soci-parallel"]

_KUBERNETES = re.compile(r"[0-9.]+[KMGT]i")


def kubernetes_bytes(text: str) -> float:
    """Bytes in `600Mi`, as Kubernetes writes them, or in `600MiB`.

    Raises:
        ValueError: no such amount.
    """
    return parse_bytes(_with_b(text))


def _with_b(text: str) -> str:
    """Kubernetes' `Mi` as `MiB`."""
    return f"{text.strip()}B" if _KUBERNETES.fullmatch(text.strip()) else text.strip()


NodeBytes: TypeAlias = Annotated[
    Bytes, BeforeValidator(lambda value: _with_b(value) if isinstance(value, str) else value)
]


@description
class Reserved:
    """CPU and memory that a node keeps back; None: as the node image has it."""

    cpu: Vcpu | None = None
    memory: NodeBytes | None = None


def _read(kind: str, make: Callable[[str], T]) -> BeforeValidator:
    def read(value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return make(value)
        except ValueError as error:
            raise ValueError(f"{shown(value)} is not allowed; {kind}: {error}") from error

    return BeforeValidator(read)


def _reserved(text: str) -> Reserved:
    cpu, slash, memory = text.rpartition("/")
    return Reserved(cpu=parse_vcpu(cpu) if slash else None, memory=kubernetes_bytes(memory))


def daemon_set(text: str) -> DaemonSet:
    """A DaemonSet of `log=100m/128MiB`; without a name it is one of your own.

    Raises:
        ValueError: it is none.
    """
    name, _, sizes = text.rpartition("=")
    cpu, slash, memory = sizes.partition("/")
    if not slash:
        raise ValueError("there is no '/' between CPU and memory")
    size = kubernetes_bytes(memory)
    return DaemonSet(name=name or f"own {sizes}", cpu=parse_vcpu(cpu), memory=size, used=size)


def _sizes(value: object) -> object:
    """A DaemonSet that is written out: its sizes have units, and it uses what it requests."""
    if not isinstance(value, Mapping):
        return value
    read = {"cpu": parse_vcpu, "memory": kubernetes_bytes, "used": kubernetes_bytes}
    sizes = {k: read[k](v) if k in read and isinstance(v, str) else v for k, v in value.items()}
    if "memory" in sizes:
        sizes.setdefault("used", sizes["memory"])
    return sizes


def _threshold(value: object, info: ValidationInfo) -> object:
    """A share such as `5%`, or bytes."""
    typed = bool(info.context and info.context.get("text"))
    if typed and isinstance(value, int | float):
        raise ValueError(
            f"{shown(value)} is not allowed; a size such as 100Mi, or a share such as 5%"
        )
    if isinstance(value, str) and value.strip().endswith("%"):
        digits = value.strip()[:-1]
        share = float(digits) / 100.0 if re.fullmatch(r"\d+(\.\d+)?", digits) else 1.0
        if not share < 1.0:
            raise ValueError(f"{shown(value)} is not allowed; from 0% to below 100%")
        return share
    return kubernetes_bytes(value) if isinstance(value, str) else value


ReservedOf: TypeAlias = Annotated[
    Reserved,
    _read("memory such as 600Mi, or CPU and memory such as 200m/600Mi", _reserved),
    Typed(shape="<cpu/memory>", last=True),
]
Threshold: TypeAlias = Annotated[
    float,
    BeforeValidator(_threshold),
    Field(ge=0, allow_inf_nan=False),
    WithJsonSchema({"type": "string", "examples": ["100Mi", "5%"]}),
    Typed(shape="<size>", shown=shown_size, last=True),
]
"""Bytes, or below 1 a share of the memory that the OS sees."""
OwnDaemonSet: TypeAlias = Annotated[
    DaemonSet,
    _read("a CPU and a memory request such as 100m/128Mi", daemon_set),
    BeforeValidator(_sizes),
]


@description
class NodeSettings(Question):
    """Node image, kubelet and VPC CNI of EKS nodes; what is not set is as EKS has it."""

    ami: Annotated[Ami | None, Typed(shape="<name>", last=True)] = None
    """Machine image of ECS and EKS: al2, al2023 or bottlerocket; by default al2023's figures, with
    a range that holds all three."""
    group: Annotated[
        Literal["managed", "self-managed"], Typed(name="nodes", shape="<name>", last=True)
    ] = "managed"
    """Who brings EKS nodes: a managed node group, which caps their pods, or self-managed."""
    custom_networking: Annotated[bool, Typed(last=True)] = False
    """The primary ENI of EKS nodes carries no pods (ENIConfig)."""
    security_groups: Annotated[bool, Typed(last=True)] = False
    """Each EKS pod has security groups of its own: it takes a branch interface."""
    kube_reserved: ReservedOf | None = None
    """kubeReserved of EKS nodes: 600MiB, or 200m/600MiB; as the machine image has it by default."""
    system_reserved: ReservedOf | None = None
    """systemReserved of EKS nodes, such as 100m/200MiB; none by default."""
    eviction: Threshold | None = None
    """evictionHard memory.available of EKS nodes: 100MiB (as EKS sets it), or 5%."""
    daemon_sets: Annotated[
        tuple[OwnDaemonSet, ...],
        Typed(name="daemonset", shape="<cpu/memory>", repeats=True, last=True),
    ] = ()
    """A DaemonSet of your own on EKS nodes, by its requests: 100m/128MiB; repeatable."""
    parallel_pulls: Annotated[AtMost | None, Typed(shape="<integer>", last=True)] = None
    """Images an EKS node pulls at once (maxParallelImagePulls; 1: serializeImagePulls); any number
    by default, as EKS's images have it."""
    pull_mode: Annotated[PullMode, Typed(shape="<name>", last=True)] = "containerd"
    """How an EKS node fetches and unpacks an image: containerd (a layer at a time, as it does by
    default), containerd-parallel (2.2 and later) or soci-parallel."""

    def nodes(self) -> "NodeSettings":
        """These alone, of a question that asks for others besides."""
        return NodeSettings(
            **{each.name: getattr(self, each.name) for each in fields(NodeSettings)}
        )
