"""Who notices on each platform that something has died, by the vendors' own clocks."""

from dataclasses import replace

from sim.catalog.ecs import container_instance_launch
from sim.catalog.eks import eks_node_launch
from sim.catalog.figures import figure, figures
from sim.platforms import ECS, EKS, InstanceLaunch
from sim.platforms.recovery.clocks import Balancer, HostGroup, Recovery, Restarts, Rolling
from sim.platforms.recovery.recovering import Recovering
from sim.start import Platform


def recovering(platform: Platform, recovery: Recovery) -> Recovering:
    """The platform with its service kept up: a task that finds no room waits for it."""
    if isinstance(platform, (ECS, EKS)):
        platform = replace(platform, when_full="wait")
    return Recovering(platform=platform, recovery=recovery)


def docker_recovery() -> Recovery:
    """`--restart` brings a container back; a host nobody."""
    restarts = Restarts(
        first=figure("docker.restart.first"),
        longest=figure("docker.restart.longest"),
        reset=figure("docker.restart.reset"),
    )
    return Recovery(notices=None, restarts=restarts, balancer=alb())


def guest_recovery() -> Recovery:
    """systemd in the guest brings its app back; a host nobody."""
    return Recovery(notices=None, restarts=_systemd(), balancer=alb())


def instance_recovery(*, group: bool = False) -> Recovery:
    """systemd brings the app back; EC2 an instance.

    Args:
        group: whether an Auto Scaling group replaces it; else EC2 recovers it on other hardware.
    """
    return Recovery(
        notices=0.0,
        status_check=figure("ec2.status_check.period"),
        gives_up=figure("asg.impaired_wait" if group else "ec2.auto_recovery.wait"),
        restarts=_systemd(),
        in_place=not group,
        rolling=rolling("asg.instance_refresh") if group else None,
        balancer=alb(),
    )


def ecs_recovery(*, group: bool = True) -> Recovery:
    """The service scheduler replaces tasks.

    Args:
        group: whether an Auto Scaling group of a fixed size replaces instances; else a capacity
            provider makes room when tasks wait for it.
    """
    return Recovery(
        notices=figure("ecs.host_noticed"),
        exits=figure("ecs.service.reaction"),
        group=host_group(container_instance_launch()) if group else None,
        rolling=rolling("ecs.deployment"),
        balancer=alb(),
    )


def fargate_recovery() -> Recovery:
    """The service scheduler replaces tasks; there is no host to be replaced."""
    return Recovery(
        notices=figure("fargate.host_noticed"),
        exits=figure("ecs.service.reaction"),
        rolling=rolling("ecs.deployment"),
        balancer=alb(),
    )


def kubernetes_recovery(*, group: bool = False) -> Recovery:
    """The kubelet brings containers back; the node controller evicts the pods of a dead node.

    Args:
        group: whether a node group of a fixed size replaces nodes; else whoever makes room for
            pods that wait does, if anybody.
    """
    restarts = Restarts(
        first=figure("kubelet.restart.first"),
        longest=figure("kubelet.restart.longest"),
        reset=figure("kubelet.restart.reset"),
        first_at_once=True,
        creates=True,
    )
    return Recovery(
        notices=figure("kubernetes.node_monitor_grace"),
        gives_up=figure("kubernetes.unreachable_toleration"),
        between_hosts=figure("kubernetes.node_eviction_gap"),
        drops=True,
        restarts=restarts,
        group=host_group(eks_node_launch(group=True)) if group else None,
        rolling=rolling("kubernetes.rolling_update"),
        draining=Rolling(surge=0.0, unavailable=1.0),
        balancer=alb(),
    )


def alb() -> Balancer:
    """An Application Load Balancer with the checks that it has by default."""
    return Balancer(
        interval=figure("alb.health_check.interval"),
        timeout=figure("alb.health_check.timeout"),
        unhealthy=figure("alb.health_check.unhealthy"),
        healthy=figure("alb.health_check.healthy"),
    )


def rolling(key: str) -> Rolling:
    """How tasks are replaced as planned, by the figures of that key."""
    found = figures()
    surge = found.get(f"{key}.surge", 0.0)
    return Rolling(surge=surge, unavailable=figure(f"{key}.unavailable"))


def host_group(launch: InstanceLaunch) -> HostGroup:
    """An Auto Scaling group that replaces instances which fail EC2's status checks."""
    return HostGroup(
        status_check=figure("ec2.status_check.period"),
        impaired=figure("asg.impaired_wait"),
        share=figure("asg.replacement_share"),
        launch=launch,
    )


def _systemd() -> Restarts:
    pause = figure("systemd.restart")
    return Restarts(first=pause, longest=pause, reset=0.0)
