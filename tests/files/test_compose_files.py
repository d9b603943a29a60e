"""Compose files: variables, merging, order, sizes, as docker compose understands them."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import Reading

from sim.core.question import BadInput
from sim.files import read
from sim.files.compose.interpolation import Interpolation
from sim.units import GiB, MiB


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$A/${A}", "a/a"),
        ("${B:-x}${E:-x}${E-x}", "xx"),
        ("${A:+y}${E:+y}${E+y}${B+y}", "yy"),
        ("${PORT-:2283:2283}", ":2283:2283"),
        ("${B:-${A}-${B:-z}}", "a-z"),
        ("$$A costs $5", "$A costs $5"),
        ("${A:?no}", "a"),
        ("$B", ""),
    ],
)
def test_the_six_interpolations(text: str, found: str) -> None:
    """A is `a`, E is there and empty, B is not."""
    assert Interpolation({"A": "a", "E": ""}).text(text) == found


@given(st.text(alphabet="ab${}:-?+_ \n", max_size=20))
def test_an_interpolation_ends_well_or_says_why(text: str) -> None:
    """With a text or a `ValueError`, whatever is written."""
    try:
        found = Interpolation({"a": "1"}).text(text)
    except ValueError as error:
        assert str(error)
    else:
        assert isinstance(found, str)


def test_a_variable_that_has_to_be_set_says_so(reading: Reading) -> None:
    """In the words of the file."""
    with pytest.raises(BadInput, match=r"services.web.image: TAG is not set: which one\?"):
        reading("services: {web: {image: 'a:${TAG:?which one?}'}}")


def test_variables_come_from_the_env_beside_the_file(reading: Reading, tmp_path: Path) -> None:
    """Quotes and comments are dotenv's; what is not set is empty, and noted once."""
    (tmp_path / ".env").write_text("export TAG='2'  # two\nLIMIT=${TAG}g\n")
    app = reading("services: {web: {image: 'a:$TAG', mem_limit: $LIMIT, user: $NOBODY}}")

    assert app.parts[0].service.image is not None
    assert app.parts[0].service.image.name == "a:2"
    assert app.parts[0].service.memory == 2 * GiB
    assert "variables that are not set, and empty: NOBODY" in app.notes


def test_lines_that_are_no_variables_are_left_out_and_said(
    reading: Reading, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """By file and line, among the notes, and not by a library on its own."""
    (tmp_path / ".env").write_text("A=1\n'b\nTAG=2\nno value\n")
    app = reading("services: {web: {image: 'a:$TAG'}}")

    assert app.parts[0].service.image.name == "a:2"  # type: ignore[union-attr]
    assert (
        "lines of variables that are no NAME=value, and are left out: .env:2, .env:4" in app.notes
    )
    assert capfd.readouterr() == ("", "")


def test_order_and_health(reading: Reading) -> None:
    """All three conditions; ready after 3 s, looked at every 10 s: healthy at 10 s."""
    app = reading(
        "services:\n"
        "  db: {image: a, healthcheck: {test: x, interval: 10s}}\n"
        "  init: {image: a, depends_on: {db: {condition: service_healthy}}}\n"
        "  web:\n    image: a\n    depends_on:\n"
        "      init: {condition: service_completed_successfully}\n"
        "      log: {condition: service_started, required: false}\n"
        "  api: {image: a, depends_on: [db]}\n"
    )
    check = app.part("db").service.check

    assert {part.name: [(w.part, w.until) for w in part.after] for part in app.parts} == {
        "db": [],
        "init": [("db", "healthy")],
        "web": [("init", "completed")],
        "api": [("db", "started")],
    }
    assert app.part("init").once
    assert check is not None and check.healthy_at(3.0) == 10.0


@pytest.mark.parametrize(
    ("healthcheck", "healthy"), [("{test: x}", 30.0), ("{test: x, start_period: 30s}", 5.0)]
)
def test_the_defaults_of_a_health_check(reading: Reading, healthcheck: str, healthy: float) -> None:
    """Docker's: every 30 s, within a start period every 5 s."""
    app = reading(f"services: {{db: {{image: a, healthcheck: {healthcheck}}}}}")
    check = app.parts[0].service.check

    assert check is not None and check.healthy_at(3.0) == healthy


@pytest.mark.parametrize("off", ["{disable: true}", "{test: [NONE]}"])
def test_a_check_that_is_off_is_none(reading: Reading, off: str) -> None:
    """Both ways to write it."""
    app = reading(f"services: {{db: {{image: a, healthcheck: {off}}}}}")

    assert app.parts[0].service.check is None


def test_sizes_are_binary(reading: Reading) -> None:
    """`512M` is 536,870,912 bytes; a limit is kept, a reservation is what is reserved."""
    app = reading(
        "services:\n"
        "  a: {image: a, deploy: {resources: {limits: {memory: 512M, cpus: '0.50'}, "
        "reservations: {memory: 64m}}}}\n"
        "  b: {image: a, mem_limit: 1.5g, cpus: 2}\n"
        "  c: {image: a, shm_size: 128mb}\n"
        "  d: {image: a, environment: [JAVA_OPTS=-Xms256m -Xmx1g]}\n"
    )
    a, b, c, d = (part.service for part in app.parts)

    assert (a.memory, a.reserved, a.cap) == (512 * MiB, 64 * MiB, 0.5)
    assert (b.memory, b.cpu) == (1.5 * GiB, 2.0)
    assert c.memory == (512 + 128) * MiB
    assert d.memory == 1.5 * GiB + 64 * MiB
    assert [part.size_from for part in app.parts] == ["file", "file", "assumed", "heap"]


def test_a_profile_that_is_off_leaves_its_services_out(reading: Reading) -> None:
    """And on, with its name or `*`."""
    text = "services: {web: {image: a}, cli: {image: a, profiles: [debug]}}"

    assert [part.name for part in reading(text).parts] == ["web"]
    assert [part.name for part in reading(text, profile="debug").parts] == ["cli", "web"]
    assert [part.name for part in reading(text, profile=["*"]).parts] == ["cli", "web"]
    assert "left out, for their profile is off (--profile debug): cli" in reading(text).notes


def test_one_file_over_another(reading: Reading, tmp_path: Path) -> None:
    """Mappings are merged, single values replaced, `!reset` takes away, `!override` replaces."""
    over = tmp_path / "over.yaml"
    over.write_text(
        "services:\n  web:\n    mem_limit: 2g\n    depends_on: !override [cache]\n"
        "    ports: !reset []\n    deploy: {replicas: 3}\n  cache: {image: redis}\n"
    )
    app = reading(
        "services:\n  web: {image: a, mem_limit: 1g, ports: ['80:80'], depends_on: [db]}\n"
        "  db: {image: b}\n",
        "base.yaml",
        override=over,
    )
    web = app.part("web")

    assert [part.name for part in app.parts] == ["cache", "db", "web"]
    assert (web.copies, web.service.memory) == (3, 2 * GiB)
    assert [wait.part for wait in web.after] == ["cache"]
    assert web.service.host_ports == ()


def test_services_are_extended_and_files_included(tmp_path: Path, reading: Reading) -> None:
    """From the same file and another one, whose own paths are its own."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "base.yaml").write_text(
        "services:\n  base: {image: base, mem_limit: 1g}\n  more: {extends: base, mem_limit: 3g}\n"
    )
    (inner / "db.yaml").write_text("services: {db: {image: db}}")
    app = reading(
        "include: [inner/db.yaml]\nservices:\n"
        "  web: {extends: {file: inner/base.yaml, service: more}, cpus: 1, depends_on: [db]}\n"
    )
    web = app.part("web").service

    assert {part.name for part in app.parts} == {"web", "db"}
    assert web.image is not None
    assert (web.image.name, web.memory, web.cpu) == ("base", 3 * GiB, 1.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("services: {a: {extends: b}, b: {extends: a}}", "it extends itself: a -> b -> a"),
        ("services: {a: {image: x, extends: {service: bb}}, b: {image: x}}", "did you mean 'b'"),
        ("include: [file.yaml]\nservices: {a: {image: x}}", "file.yaml includes itself"),
        ("include: [nowhere.yaml]\nservices: {a: {image: x}}", "there is no such file"),
        ("services: {a: {image: x, links: [b]}, b: {image: x, links: [a]}}", "start first"),
        ("services: {a: {image: x, depends_on: [dbb]}, db: {image: x}}", "did you mean 'db'"),
        ("services: {a: {image: x, mem_limit: 5Q}}", "services.a.mem_limit: '5Q' is not allowed"),
        ("services: {a: {image: x, ports: ['80:80:80:80']}}", "ports[0]"),
        ("services: {a: {image: x, scale: -1}}", "a whole number from 0"),
        ("services: {a: {image: x, depends_on: {a: {condition: healthy}}}}", "'service_healthy'"),
        ("services: [a]", "a mapping of names to services"),
        ("services: {a: []}", "services.a: a list of 0 is not allowed; a service"),
        ("a: {image: x}", "put all of it below 'services:'"),
        (
            "services: {a: {image: x, depends_on: [b, {b: {}}]}, b: {image: x}}",
            "depends_on[1]: a ma",
        ),
        ("services: {a: {image: x, depends_on: [[b]]}, b: {image: x}}", "the name of a service"),
        ("services: {a: {image: x, depends_on: [~]}}", "a.depends_on[0]: None is not allowed"),
        ("services: {a: {image: x, environment: [A=1, {B: 2}]}}", "a list of NAME=value"),
        ("services: {a: {image: x, ports: ['\N{ARABIC-INDIC DIGIT ONE}']}}", "ports[0]"),
        ("services: {a: {image: x, healthcheck: {disable: ''}}}", "disable: '' is not allowed"),
        ("services: {a: {deploy: {resources: {reservations: {devices: [gpu]}}}}}", "devices[0]"),
    ],
)
def test_mistakes_name_the_field_and_what_is_allowed(
    reading: Reading, text: str, words: str
) -> None:
    """With the file and its line."""
    with pytest.raises(BadInput) as caught:
        reading(text)

    assert words in str(caught.value)
    assert "file.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("ports", "published"),
    [
        ("['8080:80']", (8080,)),
        ("['127.0.0.1:8080:80']", (8080,)),
        ("['[::1]:8080:80/udp']", (8080,)),
        ("['8000-8002:80-82']", (8000, 8001, 8002)),
        ("['80']", ()),
        ("['3000-3005']", ()),
        ("['127.0.0.1::80']", ()),
        ("[{target: 80, published: '8080'}]", (8080,)),
        ("[{target: 80}]", ()),
    ],
)
def test_a_published_port_is_one_of_the_docker_server_and_of_no_other_host(
    reading: Reading, ports: str, published: tuple[int, ...]
) -> None:
    """A port of the container alone gets a free one."""
    app = reading(f"services: {{web: {{image: a, ports: {ports}}}}}")

    assert app.parts[0].service.published_ports == published
    assert app.parts[0].service.host_ports == ()


def test_a_volume_that_two_services_have_is_shared(reading: Reading) -> None:
    """A folder of the host is bound, an unnamed volume is its own."""
    app = reading(
        "services:\n  a: {image: x, volumes: ['data:/d', './conf:/c', '/v']}\n"
        "  b: {image: x, volumes: [{type: volume, source: data, target: /d}]}\nvolumes: {data: }\n"
    )
    kinds = {v.name: v.storage for part in app.parts for v in part.volumes}

    assert kinds == {"data": "shared", "./conf": "bind", "a-2": "own"}


def test_a_key_that_compose_does_not_know_is_told(reading: Reading) -> None:
    """With what was meant; extensions stay silent, and what has no effect here is counted."""
    app = reading(
        "services:\n  a: {image: x, replicas: 3, x-note: 1, expose: [80]}\n"
        "  b: {image: x, replicas: 2, enviroment: {A: b}}\n"
    )
    told = [note for note in app.notes if note.startswith("no effect: ")]

    assert any("'replicas'" in note and "deploy" in note and "a, b" in note for note in told)
    assert any("did you mean 'environment'?" in note for note in told)
    assert len(told) == 2 and app.ignored == ("expose of a service (1)",)


def test_nothing_secret_is_kept(reading: Reading) -> None:
    """Neither environment nor the number of an account."""
    app = reading(
        "services:\n  a:\n    image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1\n"
        "    environment: {PASSWORD: hunter2}\n    command: serve --token hunter2\n"
    )

    assert "hunter2" not in repr(app) and "123456789012" not in repr(app)
    assert app.ignored == ("environment of a service (1)",)


def test_sixty_services_are_read_at_once(reading: Reading) -> None:
    """In a second of CPU, thirty times what it takes."""
    each = "{{image: shop/s{0}:1, depends_on: [s0], mem_limit: 1g, healthcheck: {{interval: 5s}}}}"
    text = "services:\n  s0: {image: redis}\n" + "".join(
        f"  s{n}: {each.format(n)}\n" for n in range(1, 60)
    )
    reading(text)
    before = time.process_time()

    assert len(reading(text).parts) == 60
    assert time.process_time() - before < 1.0


def test_what_one_says_oneself_lies_over_the_file(reading: Reading) -> None:
    """An `x-sim` block: start-up work, sizes, an app that it is like."""
    own = "x-sim: {app: java, startup: {cpu: 9, wait: 1s}, memory: 2GiB, image_size: 90MB}"
    part = reading(f"services: {{web: {{image: a, mem_limit: 1g, {own}}}}}").parts[0]
    image = part.service.image

    assert (part.service.memory, part.size_from, part.cpu_from) == (2 * GiB, "file", "assumed")
    assert part.service.app.startup.work == 9.0
    assert image is not None and image.wire == 90e6


def test_a_folder_is_its_compose_file_and_the_override(tmp_path: Path) -> None:
    """As docker compose takes them up."""
    (tmp_path / "compose.yaml").write_text("services: {web: {image: a}}")
    (tmp_path / "compose.override.yml").write_text("services: {web: {scale: 4}}")
    (tmp_path / "other.yaml").write_text("services: {x: {image: a}}")

    assert [(part.name, part.copies) for part in read(tmp_path).parts] == [("web", 4)]


def test_variables_of_an_env_file_stand_below_a_services_own(
    reading: Reading, tmp_path: Path
) -> None:
    """A heap may stand in it; a file that is not here is said, and hinders nothing."""
    (tmp_path / "java.env").write_text("JAVA_OPTS=-Xmx1g\n")
    app = reading(
        "services:\n"
        "  a: {image: x, env_file: java.env}\n"
        "  b: {image: x, env_file: [{path: java.env}], environment: [JAVA_OPTS=-Xmx2g]}\n"
        "  c: {image: x, env_file: [away.env, java.env]}\n"
    )

    assert [part.size_from for part in app.parts] == ["heap"] * 3
    a, b, c = (part.service.memory for part in app.parts)
    assert a == c < b
    assert "env_file that cannot be read, and is left out: away.env" in app.notes


def test_variables_of_the_shell_come_before_those_of_a_file(
    reading: Reading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As compose has it, and it is said, for another shell reads another application."""
    (tmp_path / ".env").write_text("COPIES=2\n")
    text = "services: {web: {image: x, scale: '${COPIES}'}}"
    before = reading(text)
    monkeypatch.setenv("COPIES", "5")
    after = reading(text)

    assert (before.parts[0].copies, after.parts[0].copies) == (2, 5)
    assert "variables of the shell, which compose takes first: COPIES" in after.notes
    assert not any("shell" in each for each in before.notes)
