"""Published ports of compose: which ports a service takes of a server that runs Docker alone."""

import re
from collections.abc import Iterator

from sim.files.text.value import Value

MOST = 1000
"""Ports of one range."""
_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_IPV6 = re.compile(r"^\[[0-9a-fA-F:.]*\]:")
_ALLOWED = "ports such as 8080:80, 127.0.0.1:8080:80 or 8000-8010:8000-8010"


def published_ports(service: Value) -> tuple[int, ...]:
    """The fixed ones, in the order in which they stand there."""
    if service["network_mode"].text() == "host":
        if service["ports"]:
            service.findings.ignore("ports beside network_mode: host")
        return ()
    found = dict.fromkeys(
        port for each in service["ports"].items("a list of ports") for port in _published(each)
    )
    return tuple(found)


def _published(node: Value) -> Iterator[int]:
    if isinstance(node.value, dict):
        text = node["published"].text()
        if text:
            yield from _range(text, node["published"])
        return
    text = node.text("a port, or a mapping with published and target")
    if text is None:
        return
    parts = _IPV6.sub("address:", text.partition("/")[0]).split(":")
    if len(parts) > 3 or not _RANGE.fullmatch(parts[-1]):
        node.wrong(_ALLOWED)
    elif len(parts) > 1 and parts[-2]:  # else it gets a free port
        yield from _range(parts[-2], node)


def _range(text: str, node: Value) -> Iterator[int]:
    match = _RANGE.fullmatch(text)
    first = int(match[1]) if match else -1
    last = int(match[2] or match[1]) if match else -1
    if not 0 <= first <= last <= 65535 or last - first >= MOST:
        node.wrong(_ALLOWED)
        return
    yield from (port for port in range(first, last + 1) if port)
