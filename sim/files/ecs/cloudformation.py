"""CloudFormation templates, also as the CDK writes them: references put in as far as they tell."""

from typing import Any

from sim.core.question import BadInput
from sim.files.text.findings import Findings
from sim.files.text.place import PlacedList, PlacedMapping, Tagged, TextPlace
from sim.files.text.value import Value

DEFINITION, SERVICE = "AWS::ECS::TaskDefinition", "AWS::ECS::Service"
TARGET, POLICY = (
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
)
MOST_RESOURCES = 1000
"""Of one template; CloudFormation takes 500."""
_PSEUDO = {
    "AWS::AccountId": "000000000000",
    "AWS::Region": "region",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::Partition": "aws",
    "AWS::StackName": "stack",
}
"""Pseudo parameters; an account has no number here."""


class Template:
    """Resources of one template, their functions resolved.

    Args:
        node: the whole template.
    """

    def __init__(self, node: Value, findings: Findings) -> None:
        self.findings = findings
        self.node = node
        self.defaults = {
            name: node_of["Default"].value for name, node_of in node["Parameters"].fields()
        }
        self.resources = {name: each for name, each in node["Resources"].fields() if each.mapping()}
        if len(self.resources) > MOST_RESOURCES:
            raise BadInput(f"{node.place}: more than {MOST_RESOURCES:,} resources")

    def documents(self) -> list[Value]:
        """Its task definitions and services as the API knows them."""
        found = []
        for name, each in self.resources.items():
            kind = each["Type"].text() or "?"
            if kind == DEFINITION:
                found.append(self._definition(name, each))
            elif kind == SERVICE:
                found.append(self._service(name, each))
            elif kind == "AWS::CloudFormation::Stack":
                self.findings.note("a nested stack is a template of its own, and is not read", name)
            else:
                self.findings.ignore(kind)
        return found

    def _definition(self, name: str, resource: Value) -> Value:
        """Under its logical name, by which services refer to it."""
        made = self._properties(resource)
        made.value.put("family", name, resource.place)
        return made

    def _service(self, name: str, resource: Value) -> Value:
        made = self._properties(resource)
        if not isinstance(made["serviceName"].value, str):
            made.value.put("serviceName", name, resource.place)
        scalable = self._scalable(name)
        if scalable is not None:
            made.value.put("scalable", scalable, resource.place)
        return made

    def _scalable(self, service: str) -> PlacedMapping | None:
        """What bounds its copies, with the CPU that a policy aims at."""
        for name, each in self.resources.items():
            properties = each["Properties"].value
            if each["Type"].value == TARGET and service in _named(properties):
                made: PlacedMapping = self._properties(each).value
                for other in self.resources.values():
                    if other["Type"].value == POLICY and name in _named(other["Properties"].value):
                        self._aim(made, self._properties(other))
                return made
        return None

    def _aim(self, made: PlacedMapping, policy: Value) -> None:
        aim = policy["targetTrackingScalingPolicyConfiguration"].mapping()
        metric = aim.at("predefinedMetricSpecification", "predefinedMetricType").value
        if metric == "ECSServiceAverageCPUUtilization" and aim["targetValue"]:
            made.put("targetValue", aim["targetValue"].value, aim.place)

    def _properties(self, resource: Value) -> Value:
        node = resource["Properties"].mapping()
        value = self._resolved(node.value, node.place) if node.value else PlacedMapping()
        return Value(value, node.place, self.findings, node.path)

    def _resolved(self, value: Any, place: TextPlace) -> Any:
        """Keys as the API has them, functions replaced by what they give."""
        function, inside = _function(value)
        if function is not None:
            return self._called(function, inside, value, place)
        if isinstance(value, PlacedMapping):
            made = PlacedMapping()
            for key, inner in value.items():
                at = value.places.get(key, place)
                resolved = self._resolved(inner, at)
                if resolved is not _NO_VALUE:
                    made.put(key[:1].lower() + key[1:], resolved, at)
            return made
        if isinstance(value, PlacedList):
            items = PlacedList()
            for inner, at in zip(value, value.places, strict=True):
                resolved = self._resolved(inner, at)
                if resolved is not _NO_VALUE:
                    items.add(resolved, at)
            return items
        return value

    def _called(self, function: str, inside: Any, value: Any, place: TextPlace) -> Any:
        """What a function gives; itself where that is not known before the stack is made."""
        if function == "Ref":
            return self._referred(str(inside))
        inside = self._resolved(inside, place)
        if function == "Sub":
            return self._substituted(inside)
        if function == "GetAtt":
            name = inside[0] if isinstance(inside, list) and inside else str(inside)
            return str(name).partition(".")[0]
        if isinstance(inside, list) and len(inside) >= _ARGUMENTS.get(function, 99):
            return self._of_list(function, inside)
        return _unresolved(value)

    def _of_list(self, function: str, inside: list[Any]) -> Any:
        if function == "Join":
            words = inside[1] if isinstance(inside[1], list) else []
            return str(inside[0]).join("" if isinstance(w, Tagged) else str(w) for w in words)
        if function == "If":
            self.findings.note("conditions are taken to be true")
            return inside[1]
        found = self.node["Mappings"].value
        for key in inside[:3]:
            found = found.get(str(key)) if isinstance(found, dict) else None
        return Tagged("FindInMap", inside[0]) if found is None else found

    def _referred(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in _PSEUDO:
            return _PSEUDO[name]
        if name in self.defaults:
            default = self.defaults[name]
            return Tagged("Ref", name) if default is None else default
        return name if name in self.resources else Tagged("Ref", name)

    def _substituted(self, inside: Any) -> Any:
        text, own = inside, {}
        if isinstance(inside, list) and len(inside) == 2:
            text, own = inside[0], inside[1] if isinstance(inside[1], dict) else {}
        if not isinstance(text, str):
            return Tagged("Sub", "")
        parts = text.split("${")
        made = [parts[0]]
        for part in parts[1:]:
            name, _, rest = part.partition("}")
            found = own.get(name, self._referred(name.partition(".")[0]))
            made.append(f"{name if isinstance(found, Tagged) else found}{rest}")
        return "".join(made)


_ARGUMENTS = {"Join": 2, "If": 3, "FindInMap": 3}
"""Functions of several arguments, and how many."""
_NO_VALUE = Tagged("NoValue", None)


def _function(value: Any) -> tuple[str | None, Any]:
    """An intrinsic function in short or long form, and what it is of."""
    if isinstance(value, Tagged):
        return value.tag, value.value
    if isinstance(value, dict) and len(value) == 1:
        (key,) = value
        if key == "Ref" or key.startswith("Fn::"):
            return key.removeprefix("Fn::"), value[key]
    return None, None


def _unresolved(value: Any) -> Tagged:
    function, _ = _function(value)
    return Tagged(function or "?", "")


def _named(value: Any) -> str:
    """All that stands in a value, in which a name is looked for."""
    return repr(value)
