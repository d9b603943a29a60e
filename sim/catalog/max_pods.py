"""`maxPods` as a number or as an expression over an instance type.

amazon-eks-ami, nodeadm `maxPodsExpression` (eni_max_pods.go): whole numbers, and the variables
`default_enis`, `ips_per_eni` and `max_pods`.
"""

import ast
import operator
from collections.abc import Callable, Mapping

from sim.catalog.instances.table import instance, known_network
from sim.platforms.kubernetes.allocatable import MOST_PODS

ALLOWED = (
    "an integer of at least 1, or an expression of default_enis, ips_per_eni and max_pods "
    "with + - * / and parentheses"
)

_OPERATORS: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.floordiv,
}


def max_pods(text: str, type_: str) -> int:
    """What an expression comes to on an instance type.

    Raises:
        UnknownName: there is no such type.
        ValueError: it cannot be read, or comes to less than 1.
    """
    known = instance(type_)
    variables = {
        "default_enis": known.enis,
        "ips_per_eni": known.ipv4_per_eni,
        "max_pods": known.max_pods,
    }
    names = {k: known_network(type_, "network interfaces", v) for k, v in variables.items()}
    try:
        pods = _value(ast.parse(text.strip(), mode="eval").body, names)
    except (SyntaxError, ArithmeticError, RecursionError, ValueError) as error:
        raise ValueError(f"{text!r} is not allowed; {ALLOWED}") from error
    if not 1 <= pods <= MOST_PODS:
        raise ValueError(
            f"{text!r} is not allowed; it comes to {pods} on {type_}: from 1 to {MOST_PODS}"
        )
    return pods


def _value(node: ast.expr, names: Mapping[str, int]) -> int:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.Name) and node.id in names:
        return names[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, names)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        calculate = _OPERATORS[type(node.op)]
        return calculate(_value(node.left, names), _value(node.right, names))
    raise ValueError("neither a whole number, a variable nor an operator")
