"""Traces in five dialects: the same graph out of each, and what is wrong with one that is not."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clocks import soon

import sim
from sim.core.question import BadInput
from sim.files.calls.beside import with_calls_of
from sim.files.traces.learning import Learnt, _overlap, _together, learn
from sim.files.traces.traced import TracedSpan
from sim.workload import Application, Call

Seen = list[tuple[str, str, str, str, float, float]]
"""Id, parent, service, operation, begin and length in ms; of one trace, seen by the callees."""

SHOP: Seen = [
    ("1", "", "front", "home", 0.0, 50.0),
    ("2", "1", "catalog", "list", 5.0, 10.0),
    ("3", "2", "db", "query", 6.0, 4.0),
    ("4", "2", "db", "query", 10.5, 4.0),
    ("5", "1", "ads", "get", 20.0, 20.0),
    ("6", "1", "tips", "for", 21.0, 15.0),
    ("7", "1", "mail", "send", 45.0, 100.0),
]
"""Home works 20 ms itself: 50 less 10, and less 20 for two that are made together."""


def jaeger(spans: Seen, traces: int = 1) -> Any:
    services = sorted({service for _, _, service, *_ in spans})
    processes = {name: {"serviceName": name, "tags": []} for name in services}
    return {
        "data": [
            {
                "traceID": f"t{number}",
                "processes": processes,
                "spans": [
                    {
                        "traceID": f"t{number}",
                        "spanID": own,
                        "operationName": name,
                        "references": (
                            [{"refType": "CHILD_OF", "traceID": f"t{number}", "spanID": parent}]
                            if parent
                            else []
                        ),
                        "startTime": begin * 1e3,
                        "duration": length * 1e3,
                        "processID": service,
                        "tags": [],
                    }
                    for own, parent, service, name, begin, length in spans
                ],
            }
            for number in range(traces)
        ]
    }


def otlp(spans: Seen) -> Any:
    return {
        "resourceSpans": [
            {
                "resource": {
                    "attributes": [{"key": "service.name", "value": {"stringValue": service}}]
                },
                "scopeSpans": [
                    {
                        "spans": [
                            {
                                "traceId": "t",
                                "spanId": own,
                                "parentSpanId": parent,
                                "name": name,
                                "kind": "SPAN_KIND_SERVER",
                                "startTimeUnixNano": str(int(begin * 1e6)),
                                "endTimeUnixNano": str(int((begin + length) * 1e6)),
                            }
                        ]
                    }
                ],
            }
            for own, parent, service, name, begin, length in spans
        ]
    }


def zipkin(spans: Seen) -> Any:
    """Both sides of each call, under one id, as Zipkin's own libraries send them."""
    by_id = {own: service for own, _, service, *_ in spans}
    found = []
    for own, parent, service, name, begin, length in spans:
        times = {"timestamp": begin * 1e3, "duration": length * 1e3}
        one = {"traceId": "t", "id": own, "name": name, **times}
        one |= {"parentId": parent} if parent else {}
        found.append({**one, "kind": "SERVER", "localEndpoint": {"serviceName": service}})
        if parent:
            caller = {"serviceName": by_id[parent]}
            found.append({**one, "kind": "CLIENT", "localEndpoint": caller})
    return found


def alibaba(spans: Seen) -> str:
    number = {"": ""}
    below: dict[str, int] = {}
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["timestamp", "traceid", "rpcid", "um", "rpctype", "dm", "interface", "rt"])
    by_id = {own: service for own, _, service, *_ in spans}
    for own, parent, service, name, begin, length in spans:
        below[parent] = below.get(parent, 0) + 1
        number[own] = f"{number[parent]}.{below[parent]}" if parent else "0"
        caller = by_id.get(parent, "(?)")
        kind = "mq" if service == "mail" else "rpc" if parent else "http"
        for took in (length, -length) if parent else (-length,):
            rows.writerow([begin, "t", number[own], caller, kind, service, name, took])
    return text.getvalue()


def told_as(path: Path, text: str) -> Path:
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return path


def told(path: Path, content: Any) -> Application:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return sim.read_traces(path, cpu_share=1.0)


@pytest.mark.parametrize("dialect", [jaeger, otlp, zipkin, alibaba])
def test_all_dialects_tell_the_same_graph(dialect: Any, tmp_path: Path) -> None:
    """Self times, calls a visit, which are made together, and what nobody waits for."""
    shop = told(tmp_path / "shop.json", dialect(SHOP))
    home = shop.part("front").operations[0]
    listed = shop.part("catalog").operations[0]

    assert [entry.to for entry in shop.entries] == ["front.home"]
    assert home.calls == (
        Call(to="catalog.list"),
        Call(to="ads.get", how="parallel"),
        Call(to="tips.for", how="parallel"),
        Call(to="mail.send", how="async"),
    )
    assert float(home.cpu) == pytest.approx(0.020, abs=1e-6)
    assert listed.calls == (Call(to="db.query", times=2.0),)
    assert float(listed.cpu) == pytest.approx(0.002, abs=1e-6)


def test_what_a_service_does_within_itself_is_folded_into_its_entry() -> None:
    """A client's span is the time its caller waits; the network between both is nobody's work."""
    spans = [
        TracedSpan("t", "1", "", "a", "get", 0.0, 1.0, "server"),
        TracedSpan("t", "2", "1", "a", "handler", 0.1, 0.8, "internal"),
        TracedSpan("t", "3", "2", "a", "call b", 0.2, 0.4, "client"),
        TracedSpan("t", "4", "3", "b", "do", 0.3, 0.2, "server"),
    ]
    learnt = learn(spans)

    assert set(learnt.operations) == {("a", "get"), ("b", "do")}
    assert learnt.operations["a", "get"].own == pytest.approx([0.6])
    assert learnt.operations["b", "do"].own == pytest.approx([0.2])


def test_a_graph_that_was_run_is_learnt_again(tmp_path: Path) -> None:
    """Spans of visits with known self times, rounded to microseconds: their means come back."""
    generator = np.random.default_rng(1)
    spans: Seen = []
    for number in range(300):
        own, inner = generator.exponential(10.0), generator.exponential(5.0)
        begin = 1000.0 * number
        calls = 1 if generator.random() < 0.5 else 2
        spans.append((f"{number}", "", "a", "get", begin, own + calls * inner))
        for call in range(calls):
            spans.append((f"{number}/{call}", f"{number}", "b", "do", begin + call * inner, inner))
    document = jaeger(spans)
    many = document["data"][0]["spans"]
    for span in many:
        span["traceID"] = span["spanID"].split("/")[0]
    shop = told(tmp_path / "runs.json", document)
    get, do = shop.part("a").operations[0], shop.part("b").operations[0]

    error = 0.010 / np.sqrt(300)
    assert abs(float(get.cpu) - 0.010) < 3.0 * error
    assert abs(float(do.cpu) - 0.005) < 3.0 * 0.005 * np.sqrt(2.0 / 300)
    assert float(get.variation) == pytest.approx(1.0, abs=0.2)
    assert float(get.calls[0].times) == pytest.approx(1.5, abs=0.09)


def test_only_a_share_of_the_self_time_is_cpu_work(tmp_path: Path) -> None:
    """The rest is waited: a trace does not tell, so the share is assumed and said."""
    path = tmp_path / "shop.json"
    path.write_text(json.dumps(jaeger(SHOP)), encoding="utf-8")
    home = sim.read_traces(path).part("front").operations[0]

    assert float(home.cpu) == pytest.approx(0.010)
    assert float(home.wait) == pytest.approx(0.010)
    assert any("50% is assumed" in note for note in sim.read_traces(path).notes)


def test_a_learnt_graph_can_be_asked(tmp_path: Path) -> None:
    """What nobody waits for is not in the answer; what is, is."""
    shop = told(tmp_path / "shop.json", jaeger(SHOP, traces=3))
    found = sim.calls(shop, rate=5.0, requests=150, replications=2, one_more=False, monolith=False)

    assert 0.02 < found.all.times["p50_s"].value < 0.08
    parts = {each.name: each.p50_part_s for each in found.services}
    assert parts["mail"] == 0.0
    assert parts["front"] > 0.0


def test_traces_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    """Without a root, or with a time below 0; where none is left that is said."""
    lost = [("1", "0", "a", "x", 0.0, 1.0)]
    back = [("1", "", "a", "x", 0.0, -1.0)]
    document = jaeger(SHOP)
    for number, spans in enumerate((lost, back)):
        more = jaeger(spans)["data"][0]
        for span in more["spans"]:
            span["traceID"] = f"other {number}"
        document["data"].append(more)

    assert any(
        "1 without a root, 1 with a time below 0" in n
        for n in told(tmp_path / "some.json", document).notes
    )
    with pytest.raises(ValueError, match="no trace can be used: 1 without a root"):
        told(tmp_path / "none.json", jaeger(lost))


HEAD = "timestamp,traceid,rpcid,um,rpctype,dm,interface,rt"
SPAN = '{"traceId": "t", "id": "a", "timestamp": 1, "duration": %s}'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "neither JSON nor rows of MSCallGraph"),
        ("{}", "neither of Jaeger"),
        ("[1]", r"spans\[0\]: '1' is not allowed; an object"),
        ('{"data": [{"spans": [{"traceID": "t"}]}]}', "spanID: it is missing"),
        ('{"data": [{"spans": [{"traceID": "t", "spanID": "s", "startTime": "x"}]}]}', "startTime"),
        ('{"data": [3]}', r"data\[0\]: '3' is not allowed; an object"),
        ('{"data": [{"spans": {"a": 1}}]}', "spans: .* is not allowed; a list"),
        ("[" * 90_000, "nested too deep"),
        ("9" * 5000, "thousands of digits"),
        (f"[{SPAN % 'NaN'}]", "duration: 'nan' is not allowed; a number"),
        (f"[{SPAN % ('9' * 400)}]", "duration: '9{40}' is not allowed; a number"),
        (f"{HEAD}\n1,t", "shorter than the first line"),
        (f"{HEAD}\n1,t,{'x' * 200_000}", "line 2: it is no row"),
        ("null", "it has null"),
        ("a\0b", "null bytes"),
    ],
)
def test_a_file_that_is_no_trace_says_what_is_wrong(
    content: str, reason: str, tmp_path: Path
) -> None:
    """The file, and what it lacks; never a traceback."""
    with pytest.raises(ValueError, match=reason) as refused:
        told(tmp_path / "bad.json", content)

    assert "bad.json" in str(refused.value)


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.replace("\r\n", "\r").encode(),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace(",um,", ', "um",').encode(),
    ],
)
@pytest.mark.parametrize("dialect", [zipkin, alibaba])
def test_traces_may_come_from_any_editor(
    dialect: Any, written: Callable[[str], bytes], tmp_path: Path
) -> None:
    """Lines that end as on an old Mac, a mark before the text, two bytes a character."""
    content = dialect(SHOP)
    text = content if isinstance(content, str) else json.dumps(content)
    path = tmp_path / "traces"
    path.write_bytes(written(text))

    assert sim.read_traces(path) == sim.read_traces(told_as(tmp_path / "plain" / "traces", text))


def test_spans_that_go_round_in_a_circle_end(tmp_path: Path) -> None:
    """Two that are each other's parents, beside a trace that has a root."""
    rings = [("8", "9", "ring", "a", 1.0, 1.0), ("9", "8", "ring", "b", 1.0, 1.0)]
    broken: Seen = [*SHOP, *rings, ("10", "9", "ring", "c", 1.0, 1.0)]

    assert told(tmp_path / "ring.json", jaeger(broken)).parts


def test_nothing_is_learnt_from_nothing() -> None:
    """No spans, no services."""
    assert learn([]) == Learnt()


def test_traces_tell_the_calls_of_services_that_a_compose_file_sizes(tmp_path: Path) -> None:
    """Sizes of the one, calls of the other; a service of the traces has to be there."""
    names = ("front", "catalog", "db", "ads", "tips", "mail")
    size = '{image: "x:1", deploy: {resources: {limits: {cpus: "2", memory: 64M}}}}'
    compose = tmp_path / "compose.yaml"
    compose.write_text("services:\n" + "".join(f"  {n}: {size}\n" for n in names), encoding="utf-8")
    learnt = told(tmp_path / "shop.json", jaeger(SHOP))
    shop = with_calls_of(sim.read(compose), learnt, "shop.json")

    assert shop.part("front").service.cpu == 2.0
    assert shop.part("front").operations == learnt.part("front").operations
    assert shop.entries == learnt.entries
    compose.write_text(f"services:\n  front: {size}\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"shop.json: parts: part: 'ads' is not known"):
        with_calls_of(sim.read(compose), learnt, "shop.json")


def by_definition(calls: list[TracedSpan]) -> set[int]:
    """Each with each."""
    return {
        id(one) for one in calls if any(_overlap(one, other) for other in calls if other is not one)
    }


@pytest.mark.parametrize("seed", range(3))
def test_what_overlaps_is_found_among_its_neighbours(seed: int) -> None:
    """Hundreds of calls, two of them long, many of a moment: those that each with each finds."""
    draw = np.random.default_rng(seed)
    starts, lengths = draw.uniform(0.0, 30.0, 300), draw.exponential(0.05, 300)
    lengths[:2], lengths[2:50] = (10.0, 2.0), 0.0
    calls = [
        TracedSpan("t", str(n), "0", "s", "q", start, length, "server", "", True)
        for n, (start, length) in enumerate(zip(starts, lengths, strict=True))
    ]

    assert _together(calls) == by_definition(calls)


def test_a_visit_of_thousands_of_calls_is_read_in_a_moment(tmp_path: Path) -> None:
    """Each is compared with a few, not with all of them."""
    many: Seen = [("0", "", "front", "home", 0.0, 900.0)]
    many += [(str(n), "0", f"s{n % 5}", "q", n * 0.1, 0.05) for n in range(1, 4000)]
    (tmp_path / "x.json").write_text(json.dumps(zipkin(many)))
    with soon():
        assert len(sim.read_traces(tmp_path / "x.json").parts) == 6


def test_rows_of_calls_are_counted_while_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the file's name."""
    monkeypatch.setattr("sim.files.traces.alibaba.MOST_ROWS", 3)
    (tmp_path / "x.csv").write_text(alibaba(SHOP))
    with pytest.raises(BadInput, match=r"x\.csv: it has more than 3 rows"):
        sim.read_traces(tmp_path / "x.csv")


def test_more_services_than_anybody_has_are_refused(tmp_path: Path) -> None:
    """As in any other file."""
    (tmp_path / "x.json").write_text(
        json.dumps(zipkin([(str(n), "", f"s{n}", "q", 0.0, 1.0) for n in range(2001)]))
    )
    with pytest.raises(BadInput, match=r"x\.json: 2,001 services; at most 2,000"):
        sim.read_traces(tmp_path / "x.json")


def test_spans_and_traces_have_no_order(tmp_path: Path) -> None:
    """Two calls that begin at once, of which none is waited for, come in that of their names."""
    draw = np.random.default_rng(1)
    both: Seen = [*SHOP, ("8", "1", "audit", "note", 45.0, 100.0)]
    traces = jaeger(both, 20)["data"]
    turned = [
        each | {"spans": [each["spans"][place] for place in draw.permutation(len(both))]}
        for each in (traces[place] for place in draw.permutation(20))
    ]
    one, two = (told(tmp_path / "x.json", {"data": each}) for each in (traces, turned))

    assert [call.to for call in one.part("front").operations[0].calls][-2:] == [
        "audit.note",
        "mail.send",
    ]
    assert one == two
