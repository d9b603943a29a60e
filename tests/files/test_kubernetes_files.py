"""Kubernetes manifests: what runs, how often, how large, and what is only counted."""

import pytest
from reading import Reading

from sim.core.question import BadInput
from sim.units import MiB
from sim.workload.task import task_size


def deployment(name: str, *, kind: str = "Deployment", spec: str = "", pod: str = "") -> str:
    """A manifest whose container asks for 100m and 64Mi unless its pod says otherwise."""
    inside = pod or (
        "containers: [{name: main, image: 'shop:1', "
        "resources: {requests: {cpu: 100m, memory: 64Mi}}}]"
    )
    return (
        f"---\napiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n"
        f"spec:\n  {spec or 'replicas: 1'}\n  template:\n"
        f"    metadata: {{labels: {{app: {name}}}}}\n    spec: {{{inside}}}\n"
    )


CONTAINER = "{name: main, image: 'shop:1', resources: {requests: {cpu: 100m, memory: 64Mi}}%s}"


def test_every_object_that_makes_pods_is_a_service(reading: Reading) -> None:
    """A daemon stands on each host, a job runs once; what takes no room is counted."""
    app = reading(
        deployment("web", spec="replicas: 3")
        + deployment("db", kind="StatefulSet", spec="serviceName: db")
        + deployment("logs", kind="DaemonSet", spec="selector: {}")
        + deployment("move", kind="Job", spec="completions: 1")
        + "---\nkind: Service\napiVersion: v1\nmetadata: {name: web}\n"
        + "---\nkind: CronJob\napiVersion: batch/v1\nmetadata: {name: clean}\n"
    )

    assert [(part.name, part.copies) for part in app.parts] == [
        ("db", 1),
        ("logs", 1),
        ("move", 1),
        ("web", 3),
    ]
    assert [part.name for part in app.parts if part.daemon] == ["logs"]
    assert [part.name for part in app.parts if part.once] == ["move"]
    assert app.ignored == ("CronJob (1)", "Service (1)")
    assert "left out: a CronJob runs only on its schedule: clean" in app.notes


def test_a_list_is_its_items(reading: Reading) -> None:
    """As `kubectl get -o yaml` prints it; what another object made is not counted twice."""
    owned = "metadata: {name: web-1, ownerReferences: [{kind: ReplicaSet}]}"
    pods = [
        f"- {{apiVersion: v1, kind: Pod, {meta}, spec: {{containers: [{CONTAINER % ''}]}}}}\n"
        for meta in ("metadata: {name: one}", owned)
    ]
    app = reading(f"apiVersion: v1\nkind: List\nitems:\n{''.join(pods)}")

    assert [part.name for part in app.parts] == ["one"]
    assert app.ignored == ("Pod made by another object (1)",)


def test_pods_alone_are_refused_with_what_to_give_instead(reading: Reading) -> None:
    """As `kubectl get pods -o json` prints them: each is made by another object."""
    owned = "metadata: {name: web-1, ownerReferences: [{kind: ReplicaSet}]}"
    pod = f"{{apiVersion: v1, kind: Pod, {owned}, spec: {{containers: [{CONTAINER % ''}]}}}}"
    with pytest.raises(BadInput, match="kubectl get deploy,sts,ds,job -o json"):
        reading(pod)


@pytest.mark.parametrize(
    ("resources", "sizes"),
    [
        ("requests: {cpu: 100m, memory: 64Mi}", (0.1, float("inf"), 64, False)),
        ("limits: {cpu: 1, memory: 64Mi}", (1.0, 1.0, 64, True)),
        (
            "requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 1, memory: 1Gi}",
            (0.1, 1.0, 64, True),
        ),
    ],
)
def test_requests_are_reserved_and_limits_are_kept(
    reading: Reading, resources: str, sizes: tuple[float, float, float, bool]
) -> None:
    """A limit alone is a request too; without one, CPU is only a weight."""
    pod = f"containers: [{{name: main, image: a, resources: {{{resources}}}}}]"
    service = reading(deployment("web", pod=pod)).parts[0].service

    assert (service.cpu, service.cap, service.reserved / MiB, service.memory_limited) == sizes


def test_the_effective_request_is_the_larger_of_init_and_main(reading: Reading) -> None:
    """An init container that is always restarted is a sidecar."""
    init = (
        "initContainers: [{name: big, image: a, resources: {requests: {cpu: 2, memory: 32Mi}}}, "
        "{name: mesh, image: a, restartPolicy: Always, "
        "resources: {requests: {cpu: 50m, memory: 16Mi}}}], "
    )
    app = reading(deployment("web", pod=f"{init}containers: [{CONTAINER % ''}]"))
    (row,), service = app.rows(), app.parts[0].service

    assert (row["cpu"], row["memory_bytes"]) == (2.0, 80 * MiB)
    assert [each.name for each in service.init] == ["big"]
    assert [each.name for each in service.sidecars] == ["mesh"]


def test_an_init_container_of_which_nothing_is_said_adds_nothing(reading: Reading) -> None:
    """It has the room of the main container, which comes after it."""
    init = "initContainers: [{name: wait, image: busybox}], "
    app = reading(deployment("web", pod=f"{init}containers: [{CONTAINER % ''}]"))
    (row,), on_ecs = app.rows(), task_size(app.parts[0].service, "beside")

    assert (row["cpu"], row["memory_bytes"], row["size_from"]) == (0.1, 64 * MiB, "file")
    assert (on_ecs.cpu, on_ecs.reserved) == (0.1, 64 * MiB)


def test_a_sidecar_of_the_parts_own_name_has_another(reading: Reading) -> None:
    """The main container is called as the part is."""
    pod = f"containers: [{CONTAINER % ''}, {{name: web, image: envoy}}]"
    service = reading(deployment("web", pod=pod)).parts[0].service

    assert [each.name for each in service.containers] == ["web", "web-beside"]


def test_limit_ranges_fill_in_what_is_missing(reading: Reading) -> None:
    """A default limit is a request too where no default request is said."""
    limits = (
        "---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: l}\nspec: {limits: [{type: "
        "Container, default: {memory: 512Mi, cpu: 500m}, defaultRequest: {memory: 256Mi}}]}\n"
    )
    pod = "containers: [{name: main, image: a}]"
    service = reading(limits + deployment("web", pod=pod)).parts[0].service

    assert (service.reserved, service.memory) == (256 * MiB, 512 * MiB)
    assert (service.cpu, service.cap) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("version", "metric"),
    [
        ("v1", "targetCPUUtilizationPercentage: 60"),
        (
            "v2",
            "metrics: [{type: Resource, resource: {name: cpu, target: {averageUtilization: 60}}}]",
        ),
    ],
)
def test_an_autoscaler_bounds_the_copies(reading: Reading, version: str, metric: str) -> None:
    """Both versions of it."""
    scaler = (
        f"---\napiVersion: autoscaling/{version}\nkind: HorizontalPodAutoscaler\n"
        "metadata: {name: h}\nspec:\n  scaleTargetRef: {kind: Deployment, name: web}\n"
        f"  minReplicas: 2\n  maxReplicas: 7\n  {metric}\n"
    )
    part = reading(deployment("web") + scaler).parts[0]

    assert part.copies == 2
    assert part.autoscaling is not None
    assert (part.autoscaling.least, part.autoscaling.most) == (2, 7)
    assert part.autoscaling.target_cpu == 0.6


def test_probes_are_health_checks(reading: Reading) -> None:
    """Ready after 3 s, looked at after 5 and then every 10 s: seen at 5; after 7 s: at 15."""
    probe = ", readinessProbe: {tcpSocket: {port: 80}, initialDelaySeconds: 5}"
    app = reading(deployment("web", pod=f"containers: [{CONTAINER % probe}]"))
    check = app.parts[0].service.check

    assert check is not None
    assert [check.healthy_at(ready) for ready in (3.0, 7.0)] == [5.0, 15.0]


def test_anti_affinity_keeps_copies_apart(reading: Reading) -> None:
    """Required among themselves, and from others by their labels."""
    term = (
        "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
        "[{topologyKey: kubernetes.io/hostname, labelSelector: {matchExpressions: "
        "[{key: app, operator: In, values: [web, db]}]}}]}}, "
    )
    app = reading(deployment("web", pod=f"{term}containers: [{CONTAINER % ''}]") + deployment("db"))

    assert (app.part("web").most_per_host, app.part("web").apart_from) == (1, ("db",))
    assert app.part("db").most_per_host is None


def test_what_an_operator_makes_is_said_not_to_be_counted(reading: Reading) -> None:
    """A custom object with replicas; one without takes no room."""
    custom = (
        "---\napiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: k8s}\n"
        "spec: {replicas: 2}\n---\napiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\n"
        "metadata: {name: k8s}\nspec: {}\n"
    )
    app = reading(deployment("web") + custom)

    assert len(app.parts) == 1
    assert "an operator makes their pods, which are not counted: Prometheus k8s" in app.notes
    assert "ServiceMonitor (1)" in app.ignored


def test_half_a_byte_gets_a_note(reading: Reading) -> None:
    """`512m` of memory is a thousandth of 512 bytes."""
    pod = "containers: [{name: main, image: a, resources: {requests: {cpu: 1, memory: 512m}}}]"
    (note,) = reading(deployment("web", pod=pod)).notes

    assert note.startswith("memory 512m is less than 1 MiB") and "is 512Mi meant?" in note


def test_a_quota_that_is_too_small_gets_a_note(reading: Reading) -> None:
    """Pods beyond it would not start."""
    quota = (
        "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\n"
        "spec: {hard: {requests.cpu: 200m, pods: 9}}\n"
    )
    (note,) = reading(deployment("web", spec="replicas: 3") + quota).notes

    assert note == "the quota allows 0.2 vCPU of requests.cpu, but these pods ask for 0.3 vCPU"


def test_all_mistakes_are_told_at_once_with_their_lines(reading: Reading) -> None:
    """In the order in which they stand there."""
    wrong = "containers: [{name: main, image: a, resources: {requests: {cpu: lots, memory: 5Q}}}]"
    with pytest.raises(BadInput) as caught:
        reading(deployment("web", spec="replicas: two", pod=wrong))
    lines = str(caught.value).splitlines()

    assert len(lines) == 3
    assert all("file.yaml:" in line and " is not allowed; " in line for line in lines)
    assert any("file.yaml:6: spec.replicas: 'two' is not allowed; a whole" in x for x in lines)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("resources: [a.yaml]\n", "kubectl kustomize"),
        ("apiVersion: v2\nname: shop\nversion: 1.0.0\n", "helm template"),
        ("kind: Job\nmetadata: {name: a}\nspec: {replicas: {{ .Values.n }}}", "helm template"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: web}\n", "nothing in it runs"),
    ],
)
def test_what_says_nothing_yet_tells_what_to_do(reading: Reading, text: str, words: str) -> None:
    """Kustomizations, charts, templates; and a file without anything that runs."""
    with pytest.raises(BadInput, match=words):
        reading(text)


def test_the_same_object_again_takes_the_place_of_the_first(reading: Reading) -> None:
    """As `kubectl apply` has it; two kinds of one name are two parts."""
    app = reading(
        deployment("web", spec="replicas: 2")
        + deployment("web", spec="replicas: 5")
        + deployment("web", kind="StatefulSet")
    )

    assert [(part.name, part.copies) for part in app.parts] == [
        ("web.deployment", 5),
        ("web.statefulset", 1),
    ]


TWO = "containers: [{name: main, image: a%s}, {name: beside, image: b%s}], resources: %s"


@pytest.mark.parametrize(
    ("main", "beside", "of_the_pod", "each"),
    [
        ("", "", "{requests: {cpu: 1, memory: 1Gi}}", [(0.5, 512), (0.5, 512)]),
        ("", "", "{limits: {cpu: 1, memory: 1Gi}}", [(0.5, 512), (0.5, 512)]),
        (
            ", resources: {requests: {cpu: 200m, memory: 256Mi}}",
            "",
            "{requests: {cpu: 1, memory: 1Gi}}",
            [(0.2, 256), (0.8, 768)],
        ),
        (
            ", resources: {requests: {cpu: 200m, memory: 256Mi}}",
            ", resources: {requests: {cpu: 200m, memory: 256Mi}}",
            "{requests: {cpu: 1, memory: 1Gi}}",
            [(0.8, 768), (0.2, 256)],
        ),
    ],
)
def test_what_a_pod_asks_for_its_containers_ask_for_together(
    reading: Reading, main: str, beside: str, of_the_pod: str, each: list[tuple[float, int]]
) -> None:
    """Those that say nothing share what is left; a limit alone is a request, too."""
    (part,) = reading(deployment("web", pod=TWO % (main, beside, of_the_pod))).parts
    containers = (part.service, *part.service.sidecars)

    assert [(round(c.cpu, 9), c.reserved / MiB) for c in containers] == each


def test_a_pod_asks_for_at_least_what_its_containers_ask_for(reading: Reading) -> None:
    """Kubernetes refuses it, too."""
    small = ", resources: {requests: {cpu: 600m}}"
    with pytest.raises(BadInput, match=r"requests\.cpu: 1 is not allowed; at least what"):
        reading(deployment("web", pod=TWO % (small, small, "{requests: {cpu: 1}}")))
