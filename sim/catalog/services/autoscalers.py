"""The autoscalers of services, with the defaults of Kubernetes and of Application Auto Scaling."""

from typing import Literal, TypeAlias

from sim.catalog.figures import figure
from sim.platforms.scaling.horizontal_pod import HorizontalPodAutoscaler
from sim.platforms.scaling.target_tracking import TargetTracking

AutoscalerName: TypeAlias = Literal["hpa", "ecs"]


def autoscaler(name: AutoscalerName) -> HorizontalPodAutoscaler | TargetTracking:
    """The HorizontalPodAutoscaler, or ECS service auto scaling with target tracking."""
    if name == "hpa":
        return HorizontalPodAutoscaler(
            every=figure("hpa.sync_period"),
            tolerance=figure("hpa.tolerance"),
            stabilization=figure("hpa.downscale_stabilization"),
            most_pods=figure("hpa.scale_up.pods"),
            most_share=figure("hpa.scale_up.share"),
            up_period=figure("hpa.scale_up.period"),
        )
    return TargetTracking(
        every=figure("appautoscaling.metric_period"),
        out_points=figure("appautoscaling.alarm.high_points"),
        in_points=figure("appautoscaling.alarm.low_points"),
        in_below=figure("appautoscaling.alarm.low_share"),
        cooldown=figure("appautoscaling.ecs.cooldown"),
    )
