"""ECS task definitions and services: register and describe form, bare lists, CloudFormation."""

import json
from typing import Any

import pytest
from reading import Reading

from sim.core.question import BadInput
from sim.units import GiB, MiB
from sim.workload.task import task_size


def definition(*containers: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """A task definition; each container is nginx unless it says otherwise."""
    named = [{"name": f"c{n}", "image": "nginx"} | each for n, each in enumerate(containers)]
    return {"family": "shop", "containerDefinitions": named} | rest


def test_every_form_says_the_same(reading: Reading) -> None:
    """What is registered, what is described, what is listed, and CloudFormation's key style."""
    one = definition({"cpu": 256, "memory": 512, "essential": True})
    template = (
        "Resources: {shop: {Type: 'AWS::ECS::TaskDefinition', Properties: {Family: x, "
        "ContainerDefinitions: [{Name: c0, Image: nginx, Cpu: 256, Memory: 512}]}}}"
    )
    forms = [one, {"taskDefinition": one | {"revision": 3}}, {"taskDefinitions": [one]}]
    apps = [reading(json.dumps(form), "shop.json") for form in forms]
    apps.append(reading(json.dumps(one["containerDefinitions"]), "shop.json"))
    apps.append(reading(template, "shop.yaml"))

    assert all(app == apps[0] for app in apps)
    assert apps[0].parts[0].service.cpu == 0.25


def test_containers_share_the_size_of_the_task(reading: Reading) -> None:
    """Those that do not say have what is left; all of them add up to the task's size."""
    app = reading(
        json.dumps(definition({}, {"cpu": 64, "memoryReservation": 50}, cpu="256", memory="1024"))
    )
    (row,), service = app.rows(), app.parts[0].service

    assert (row["cpu"], row["memory_bytes"]) == (0.25, GiB)
    assert [each.cpu for each in service.containers] == [0.1875, 0.0625]
    assert [each.reserved / MiB for each in service.containers] == [974, 50]
    assert [each.memory_limited for each in service.containers] == [True, False]
    assert [each.cap for each in service.containers] == [0.1875, 0.0625]


@pytest.mark.parametrize(
    ("cpu", "memory"), [("512", "2048"), (".5 vCPU", "2 GB"), ("0.5 vcpu", "2 gb"), (512, 2048)]
)
def test_sizes_in_words_and_numbers(reading: Reading, cpu: object, memory: object) -> None:
    """As the console, the API and the CLI write them."""
    app = reading(
        json.dumps(definition({}, cpu=cpu, memory=memory, requiresCompatibilities=["FARGATE"]))
    )

    assert (app.parts[0].service.cpu, app.parts[0].service.memory) == (0.5, 2 * GiB)


def test_no_size_of_fargate_names_the_nearest(reading: Reading) -> None:
    """A pair that Fargate does not have is refused when it is registered, too."""
    wrong = definition({}, cpu="256", memory="128", requiresCompatibilities=["FARGATE"])
    with pytest.raises(BadInput) as caught:
        reading(json.dumps(wrong))

    assert "256 with 512 or 256 with 1024" in str(caught.value)


def test_containers_of_a_task_wait_for_each_other(reading: Reading) -> None:
    """The main one is known by the name of the part."""
    health = {"healthCheck": {"interval": 5}}
    one = {"dependsOn": [{"containerName": "c1", "condition": "HEALTHY"}]}
    two = {"dependsOn": [{"containerName": "c0", "condition": "START"}]}
    service = reading(json.dumps(definition(one, health, two))).parts[0].service

    assert [(wait.part, wait.until) for wait in service.after] == [("c1", "healthy")]
    assert [(wait.part, wait.until) for wait in service.sidecars[1].after] == [("shop", "started")]


def test_what_has_ended_before_the_others_is_an_init_container(reading: Reading) -> None:
    """SUCCESS and COMPLETE; the log router is not the main container."""
    app = reading(
        json.dumps(
            definition(
                {"firelensConfiguration": {"type": "fluentbit"}},
                {"dependsOn": [{"containerName": "c2", "condition": "SUCCESS"}]},
                {"essential": False},
            )
        )
    )
    service = app.parts[0].service

    assert [each.name for each in service.init] == ["c2"]
    assert [each.name for each in service.sidecars] == ["c0"]


def test_an_init_container_of_which_nothing_is_said_takes_nothing_of_the_tasks_size(
    reading: Reading,
) -> None:
    """A task of 1 vCPU and 2 GiB is one, wherever it runs."""
    after = {"dependsOn": [{"containerName": "c1", "condition": "SUCCESS"}]}
    text = definition(after, {"essential": False}, cpu="1024", memory="2048")
    app = reading(json.dumps(text))
    size = task_size(app.parts[0].service, "beside")
    (row,) = app.rows()

    assert (row["cpu"], row["memory_bytes"]) == (1.0, 2 * GiB)
    assert (size.cpu, size.reserved) == (1.0, 2 * GiB)


@pytest.mark.parametrize(
    ("mode", "ports", "host_ports"),
    [
        ("awsvpc", {"containerPort": 80, "hostPort": 80}, ()),
        ("bridge", {"containerPort": 80, "hostPort": 8080}, (8080,)),
        ("bridge", {"containerPort": 80, "hostPort": 0}, ()),
        ("host", {"containerPort": 80}, (80,)),
    ],
)
def test_ports_of_the_host_by_network_mode(
    reading: Reading, mode: str, ports: dict[str, int], host_ports: tuple[int, ...]
) -> None:
    """On awsvpc a task has ports of its own."""
    app = reading(json.dumps(definition({"portMappings": [ports]}, networkMode=mode)))

    assert app.parts[0].service.host_ports == host_ports


def test_services_bring_copies_and_placement(reading: Reading) -> None:
    """From `describe-services`, with a task definition by ARN; a daemon is one a host."""
    arn = "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:7"
    services = [
        {"serviceName": "web", "taskDefinition": arn, "desiredCount": 3},
        {"serviceName": "log", "taskDefinition": "shop", "schedulingStrategy": "DAEMON"},
        {
            "serviceName": "one",
            "taskDefinition": "shop:7",
            "placementConstraints": [{"type": "distinctInstance"}],
        },
    ]
    both = {"services": services, "taskDefinitions": [definition({})]}
    app = reading(json.dumps(both))

    assert [(part.name, part.copies, part.daemon) for part in app.parts] == [
        ("log", 1, True),
        ("one", 1, False),
        ("web", 3, False),
    ]
    assert app.part("one").most_per_host == 1
    assert "123456789012" not in repr(app)


TEMPLATE = """
Parameters:
  Cpu: {Type: Number, Default: 512}
  Memory: {Type: Number}
  Count: {Type: Number, Default: 4}
Mappings: {Sizes: {small: {memory: 1024}}}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Cpu: !Ref Cpu
      Memory: %s
      ContainerDefinitions:
        - Name: web
          Image: !Sub '${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/shop:${Cpu}'
  Web:
    Type: AWS::ECS::Service
    Properties: {TaskDefinition: {Ref: Task}, DesiredCount: {Ref: Count}}
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties: {MinCapacity: 2, MaxCapacity: 9,
      ResourceId: !Join ['/', [service, cluster, !GetAtt Web.Name]]}
  Policy:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties: {ScalingTargetId: !Ref Target, TargetTrackingScalingPolicyConfiguration:
      {TargetValue: 60,
       PredefinedMetricSpecification: {PredefinedMetricType: ECSServiceAverageCPUUtilization}}}
  Queue: {Type: 'AWS::SQS::Queue'}
"""


def test_references_of_a_template_are_put_in(reading: Reading) -> None:
    """Defaults of parameters, mappings, other resources; what bounds the copies."""
    app = reading(TEMPLATE % "!FindInMap [Sizes, small, memory]")
    web = app.part("Web")

    assert (web.copies, web.service.cpu, web.service.memory) == (4, 0.5, GiB)
    assert web.service.image is not None
    assert web.service.image.name == "dkr.ecr.region.amazonaws.com/shop:512"
    assert web.autoscaling is not None
    assert (web.autoscaling.most, web.autoscaling.target_cpu) == (9, 0.6)
    assert "AWS::SQS::Queue (1)" in app.ignored


def test_a_size_without_a_default_is_a_mistake(reading: Reading) -> None:
    """Which parameter it is, and where."""
    with pytest.raises(BadInput, match=r"file.yaml:12: .*memory: !Ref Memory is not allowed"):
        reading(TEMPLATE % "!Ref Memory")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"portMappings": {"containerPort": 80}},
            "portMappings: a mapping of containerPort is not allowed",
        ),
        ({"cpu": "lots"}, "CPU units such as 256"),
        ({"dependsOn": [{"containerName": "x", "condition": "UP"}]}, "known: START, HEALTHY"),
        ({"dependsOn": [{"condition": "START"}]}, "dependsOn[0]: containerName: it is missing"),
        ({"dependsOn": [{"containerName": "x"}]}, "dependsOn[0]: condition: it is missing"),
        ({"name": None}, "a container needs one"),
    ],
)
def test_mistakes_of_a_container(reading: Reading, change: dict[str, Any], words: str) -> None:
    """With field, value and what is allowed."""
    with pytest.raises(BadInput) as caught:
        reading(json.dumps(definition(change)))

    assert words in str(caught.value)


def test_a_placeholder_is_not_json(reading: Reading) -> None:
    """The line and the column."""
    with pytest.raises(BadInput, match=r"task.json:2: it is not JSON, column 9: .* placeholder"):
        reading('{"family": "a",\n "cpu": <cpu>}', "task.json")
