"""The only place with numbers about the world, each one cited."""

from sim.catalog.apps import app, apps, image, images, load, service
from sim.catalog.building import builder, official, repository
from sim.catalog.figures import control_plane, digest, figure, figures
from sim.catalog.instances import Instance, bare, custom, instance, instances, machine, matching
from sim.catalog.names import UnknownName, unknown
from sim.catalog.platforms import (
    docker,
    ec2,
    ec2_for,
    ecs,
    ecs_on_fargate,
    fargate,
    fleet,
    hypervisor,
    micro_vm,
    virtual_machine,
)
from sim.catalog.registries import registry, registry_names

__all__ = [
    "Instance",
    "UnknownName",
    "app",
    "apps",
    "bare",
    "builder",
    "control_plane",
    "custom",
    "digest",
    "docker",
    "ec2",
    "ec2_for",
    "ecs",
    "ecs_on_fargate",
    "fargate",
    "figure",
    "figures",
    "fleet",
    "hypervisor",
    "image",
    "images",
    "instance",
    "instances",
    "load",
    "machine",
    "matching",
    "micro_vm",
    "official",
    "registry",
    "registry_names",
    "repository",
    "service",
    "unknown",
    "virtual_machine",
]
