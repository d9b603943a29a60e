"""What `terraform show -json` prints: ECS and Kubernetes resources of a plan or a state."""

import json
from typing import Any

import pytest
from reading import Reading

from sim.core.question import BadInput
from sim.units import GiB, MiB

CONTAINERS = [{"name": "web", "image": "nginx", "cpu": 0, "portMappings": [{"containerPort": 80}]}]
DEFINITION = {
    "family": "shop",
    "cpu": "512",
    "memory": "1024",
    "requires_compatibilities": ["FARGATE"],
    "network_mode": "awsvpc",
    "container_definitions": json.dumps(CONTAINERS),
    "volume": [],
}
SERVICE = {"name": "web", "desired_count": 3, "scheduling_strategy": "REPLICA"}
TARGET = {"min_capacity": 2, "max_capacity": 6, "resource_id": "service/cluster/web"}
API = {
    "name": "api",
    "image": "shop/api:1",
    "resources": [{"requests": {"cpu": "250m", "memory": "64Mi"}, "limits": {}}],
    "readiness_probe": [{"initial_delay_seconds": 7}],
}
POD = {"metadata": [{"labels": {"a": "x"}}], "spec": [{"container": [API], "affinity": []}]}
DEPLOYMENT = {
    "metadata": [{"name": "api", "labels": {"my_label": "x"}}],
    "spec": [{"replicas": "2", "template": [POD]}],
}
BOUNDS = {
    "metadata": [{"name": "api"}],
    "spec": [
        {
            "min_replicas": 3,
            "max_replicas": 8,
            "target_cpu_utilization_percentage": 70,
            "scale_target_ref": [{"kind": "Deployment", "name": "api"}],
        }
    ],
}


def resource(kind: str, name: str, values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """As it stands in a module."""
    return {"address": f"{prefix}{kind}.{name}", "type": kind, "mode": "managed", "values": values}


def plan(definition: dict[str, Any] = DEFINITION) -> dict[str, Any]:
    """A plan: the service refers to its task definition in the configuration only."""
    inside = [
        resource("aws_ecs_task_definition", "shop", definition, "module.ecs."),
        resource("aws_ecs_service", "web", SERVICE, "module.ecs."),
        resource("aws_appautoscaling_target", "web", TARGET, "module.ecs."),
    ]
    outside = [
        resource("kubernetes_deployment_v1", "api", DEPLOYMENT),
        resource("kubernetes_horizontal_pod_autoscaler", "api", BOUNDS),
        resource("aws_s3_bucket", "logs", {}),
    ]
    references = {
        "references": ["aws_ecs_task_definition.shop.arn", "aws_ecs_task_definition.shop"]
    }
    configured = {
        "address": "aws_ecs_service.web",
        "type": "aws_ecs_service",
        "expressions": {"task_definition": references},
    }
    call = {"module": {"resources": [configured]}}
    return {
        "terraform_version": "1.9.0",
        "planned_values": {
            "root_module": {"resources": outside, "child_modules": [{"resources": inside}]}
        },
        "configuration": {"root_module": {"module_calls": {"ecs": call}}},
    }


def test_a_plan_has_tasks_and_pods(reading: Reading) -> None:
    """Sizes, copies, what bounds them; what runs nothing is counted."""
    app = reading(json.dumps(plan()), "plan.json")
    web, api = app.part("web"), app.part("api")

    assert (web.copies, web.service.cpu, web.service.memory) == (3, 0.5, GiB)
    assert (api.copies, api.service.cpu, api.service.reserved) == (3, 0.25, 64 * MiB)
    assert web.autoscaling is not None and web.autoscaling.most == 6
    assert api.autoscaling is not None and api.autoscaling.target_cpu == 0.7
    assert api.service.check is not None and api.service.check.first == 7.0
    assert "aws_s3_bucket (1)" in app.ignored


def test_a_state_names_the_definition_by_its_arn(reading: Reading) -> None:
    """As it is once it has been applied; the account is not kept."""
    arn = "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:12"
    service = SERVICE | {"task_definition": arn}
    resources = [
        resource("aws_ecs_task_definition", "shop", DEFINITION),
        resource("aws_ecs_service", "web", service),
    ]
    state = {"terraform_version": "1.9.0", "values": {"root_module": {"resources": resources}}}
    app = reading(json.dumps(state), "state.json")

    assert [(part.name, part.copies) for part in app.parts] == [("web", 3)]
    assert "123456789012" not in repr(app)


def test_containers_that_are_no_json_are_a_mistake(reading: Reading) -> None:
    """With the field they stand in."""
    wrong = DEFINITION | {"container_definitions": "[{"}
    with pytest.raises(BadInput, match=r"container_definitions: .*it is not JSON"):
        reading(json.dumps(plan(wrong)), "plan.json")


def test_a_single_block_is_a_list_of_one(reading: Reading) -> None:
    """As Terraform writes it; of ECS as of Kubernetes."""
    placed = SERVICE | {
        "placement_constraints": [{"type": "distinctInstance"}],
        "ordered_placement_strategy": [{"type": "spread", "field": "host"}],
        "capacity_provider_strategy": [{"capacity_provider": "spot"}],
    }
    made = plan()
    inside = made["planned_values"]["root_module"]["child_modules"][0]["resources"]
    inside[1]["values"] = placed
    web = reading(json.dumps(made)).part("web")

    assert (web.most_per_host, web.spread) == (1, True)
