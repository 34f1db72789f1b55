"""What a message template may contain, decided on its syntax tree, with the kind of each part."""

from collections.abc import Mapping, Sequence
from typing import NoReturn

from jinja2 import nodes

from services.notifications.domain.causes import VariableKind
from services.notifications.domain.errors import TemplateConstructRefused, TemplateVariableUnknown

_DEPTH_MAX = 8
_TRUTH = "truth"
_COMPARISONS = frozenset({"eq", "ne", "lt", "lteq", "gt", "gteq"})
Declared = Mapping[str, VariableKind]


def check_grammar(tree: nodes.Template, declared: Declared) -> None:
    """Raise `TemplateConstructRefused` or `TemplateVariableUnknown` where the tree goes beyond."""
    _check_statements(tree.body, declared, 0)


def _check_statements(body: Sequence[nodes.Node], declared: Declared, depth: int) -> None:
    for node in body:
        _check_depth(node, depth)
        if isinstance(node, nodes.Output):
            for part in node.nodes:
                if not isinstance(part, nodes.TemplateData):
                    _kind_of(part, declared, depth + 1)
        elif isinstance(node, nodes.If):
            _kind_of(node.test, declared, depth + 1)
            for inner in (node.body, node.else_):
                _check_statements(inner, declared, depth + 1)
            _check_statements(node.elif_, declared, depth)
        else:
            _refuse(node, "Only {{ … }} and {% if … %} are allowed.")


def _kind_of(node: nodes.Node, declared: Declared, depth: int) -> str:
    """`integer`, `text` or `truth`: what the expression gives, whatever the variables hold."""
    _check_depth(node, depth)
    match node:
        case nodes.Name():
            return _kind_of_name(node, declared)
        case nodes.Const():
            return _kind_of_constant(node)
        case nodes.Not() | nodes.And() | nodes.Or():
            for operand in node.iter_child_nodes():
                _kind_of(operand, declared, depth + 1)
            return _TRUTH
        case nodes.Compare():
            return _kind_of_comparison(node, declared, depth)
        case nodes.CondExpr():
            return _kind_of_choice(node, declared, depth)
        case nodes.Filter():
            return _kind_of_filter(node, declared, depth)
    _refuse(node, "Only variables, comparisons, and/or/not and the filter grouped are allowed.")


def _kind_of_filter(node: nodes.Filter, declared: Declared, depth: int) -> str:
    is_plain = node.name == "grouped" and len(list(node.iter_child_nodes())) == 1
    if not is_plain or node.node is None:
        _refuse(node, "The only filter is grouped, without arguments.")
    if _kind_of(node.node, declared, depth + 1) != VariableKind.INTEGER:
        _refuse(node, "The filter grouped is for integers.")
    return VariableKind.TEXT


def _kind_of_name(node: nodes.Name, declared: Declared) -> str:
    kind = declared.get(node.name)
    if kind is None:
        raise TemplateVariableUnknown(
            f"Line {node.lineno} names a variable that this cause does not offer.",
            line=node.lineno,
            variables=sorted(declared),
        )
    return VariableKind.INTEGER if kind is VariableKind.INTEGER else VariableKind.TEXT


def _kind_of_constant(node: nodes.Const) -> str:
    if type(node.value) is int:
        return VariableKind.INTEGER
    if type(node.value) is str:
        return VariableKind.TEXT
    _refuse(node, "Constants are whole numbers or text.")


def _kind_of_comparison(node: nodes.Compare, declared: Declared, depth: int) -> str:
    kind = _kind_of(node.expr, declared, depth + 1)
    for operand in node.ops:
        if operand.op not in _COMPARISONS:
            _refuse(node, "Compare with == != < <= > >=.")
        if _kind_of(operand.expr, declared, depth + 1) != kind:
            _refuse(node, "Compare numbers with numbers and text with text.")
    return _TRUTH


def _kind_of_choice(node: nodes.CondExpr, declared: Declared, depth: int) -> str:
    _kind_of(node.test, declared, depth + 1)
    kind = _kind_of(node.expr1, declared, depth + 1)
    if node.expr2 is None or _kind_of(node.expr2, declared, depth + 1) != kind:
        _refuse(node, "An inline if needs an else of the same kind.")
    return kind


def _check_depth(node: nodes.Node, depth: int) -> None:
    if depth > _DEPTH_MAX:
        _refuse(node, "It is nested too deeply.")


def _refuse(node: nodes.Node, detail: str) -> NoReturn:
    raise TemplateConstructRefused(f"Line {node.lineno}: {detail}", line=node.lineno)
