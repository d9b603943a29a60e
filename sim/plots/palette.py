"""One fixed, colour-blind-safe colour per platform, limit, phase and item of memory.

Hues are those of M. Okabe and K. Ito, *Color Universal Design* (2008), and of P. Tol, *Colour
Schemes* (SRON technical note, 2021). A name that is not here always gets the same colour of a
short reserve, so that a new platform or limit never moves the colours of the others.
"""

from collections.abc import Iterable, Mapping
from zlib import crc32

from sim.plots.theme import luminance, themed

INK, FAINT, GRID, PAPER = (f"berthsim:{part}" for part in ("ink", "faint", "grid", "paper"))
"""Colours of text, secondary text, grid lines and what they lie on; the theme says which."""
WITHIN = "#EFEFEF"
"""Behind what is within bounds; `themed` as all that has no function here."""

PLATFORMS: Mapping[str, str] = {
    "vm": "#0072B2",
    "docker": "#56B4E9",
    "ec2": "#D55E00",
    "ec2-asg": "#B82214",
    "ecs": "#E69F00",
    "ecs-bridge": "#E69F00",
    "ecs-awsvpc": "#A87400",
    "ecs-awsvpc-trunk": "#F7CE7A",
    "fargate": "#009E73",
    "eks": "#CC79A7",
    "eks-prefix": "#EBC6DB",
    "eks-fargate": "#7A2E6E",
    "ecs-asg": "#8F743D",
    "eks-karpenter": "#8526D9",
    "eks-cas": "#230363",
    "ecs-managed": "#631903",
    "eks-auto": "#145237",
    "ec2-spot": "#F2A679",
    "fargate-spot": "#7FD1B9",
}
"""In the order in which figures show them."""

LIMITS: Mapping[str, str] = {
    "vCPU": "#0072B2",
    "memory": "#E69F00",
    "CPU": "#88CCEE",
    "p95 slow-down": "#D55E00",
    "ENI": "#882255",
    "trunk ENI": "#D894CE",
    "pod slots": "#332288",
    "IP addresses": "#4F6BF2",
    "bridge ports": "#117733",
    "host ports": "#999933",
    "one task per instance": "#A6A6A6",
    "one task per microVM": "#222222",
    "instance size": "#CC6677",
    "Fargate size": "#5C2A0C",
    "account quota": "#DDCC77",
    "disk": "#9BE8DC",
}

PHASES: Mapping[str, str] = {
    "request": "#B4B4B4",
    "placement": "#6A6A6A",
    "network": "#332288",
    "init": "#B07AD1",
    "provision": "#88CCEE",
    "pending": "#6699CC",
    "vmm": "#882255",
    "firmware": "#DDCC77",
    "kernel": "#AA4499",
    "user_space": "#E3B1D9",
    "boot": "#CC79A7",
    "throttled": "#E8919C",
    "pull": "#E69F00",
    "create": "#8C5A00",
    "start": "#F0E442",
    "app": "#009E73",
}
"""Greys: the control plane; blue: waiting for a machine; purple: booting; warm: the image."""

RECOVERY: Mapping[str, str] = {
    "noticed": "#D55E00",
    "waited": "#DDCC77",
    "placed": "#88CCEE",
    "started": "#E69F00",
    "balanced": "#009E73",
}
"""From a fault until requests are served again."""

MEMORY: Mapping[str, str] = {
    "lost": "#333333",
    "OS and daemons": "#9A9A9A",
    "ECS agent": "#E69F00",
    "kubelet and DaemonSets": "#3B4CC0",
    "VMMs": "#882255",
    "guest kernels": "#AA4499",
    "guest OSes": "#E3B1D9",
    "shims": "#56B4E9",
    "apps": "#009E73",
    "shared files": "#8FD6BF",
    "file copies": "#117733",
    "reserved, unused": "#DDCC77",
    "free": "#F1F1F1",
}
"""From the bottom of a host's memory to what is left of it."""

_RESERVE = ("#44AA99", "#999933", "#CC6677", "#117733", "#661100", "#6699CC")

_SERIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#222222")


def series_color(place: int) -> str:
    """The colour of the first, second, ... line, where lines have no colour of their own."""
    return themed(_SERIES[place % len(_SERIES)])


def platform_color(name: str) -> str:
    """The colour of a platform; a flavour that is not known has that of its family."""
    family = name.split("-", maxsplit=1)[0]
    return _color(PLATFORMS, name if name in PLATFORMS else family)


def platform_name(name: str) -> str:
    """A platform as a figure writes it: its label in the table of platforms."""
    from sim.studies.platforms import label  # a picture of tables alone needs no model

    return label(name)


def image_name(platform: str, image: str) -> str:
    """Whether the image comes first, as a figure writes it: an instance has it installed."""
    from sim.studies.platforms import image_name

    return image_name(platform, image)


def platform_order(names: Iterable[str]) -> list[str]:
    """Each platform once: VMs and Docker first, unknown ones last as they come."""
    return in_order(names, PLATFORMS)


def limit_name(limit: str) -> str:
    """A limit without its particulars: `memory (OOM kill)` is `memory`."""
    return limit.split(" (", maxsplit=1)[0]


def limit_color(limit: str) -> str:
    """The colour of a limit, whatever its particulars."""
    return _color(LIMITS, limit_name(limit))


def phase_color(phase: str) -> str:
    """The colour of a phase of a start."""
    return _color(PHASES, phase)


def phase_name(phase: str) -> str:
    """A phase as a figure writes it."""
    return {"vmm": "VMM"}.get(phase, phase.replace("_", " "))


def recovery_color(part: str) -> str:
    """The colour of a part of the way back after a fault."""
    return _color(RECOVERY, part)


def memory_color(item: str) -> str:
    """The colour of an item of a memory budget."""
    return _color(MEMORY, item)


ON_BRIGHT = "#1E1E1E"
"""Text on a bright fill: no ink, which a dark page makes bright as well."""


def ink_on(color: str) -> str:
    """Dark or white text, whichever has more contrast on a colour given as `#RRGGBB`."""
    return ON_BRIGHT if luminance(color) > 0.21 else "#FFFFFF"


def in_order(names: Iterable[str], colors: Mapping[str, str]) -> list[str]:
    """Each name once, in the order of a palette; those it does not know come last."""
    known = list(colors)
    return sorted(
        dict.fromkeys(names), key=lambda name: known.index(name) if name in known else len(known)
    )


def _color(colors: Mapping[str, str], name: str) -> str:
    return themed(colors.get(name) or _RESERVE[crc32(name.encode()) % len(_RESERVE)])
