"""The roles that a client may be given are those that some route asks for, and no others."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from shared.auth.roles import ROLES

ROOT = Path(__file__).parents[2]
# What asks for a role that it is given.
_ASKING = {
    "require_role",
    "require_whole",
    "require_finance",
    "require_shop",
    "check_may_read_rules",
}


def _roles_of(path: Path) -> Iterator[str]:
    """Roles in calls (and defaults) of what asks for them, and in sets beside `….roles`."""
    module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[_, *asked]) if name in _ASKING:
                yield from _words(asked, module)
            case ast.FunctionDef(name=name, args=arguments) if name in _ASKING:
                yield from _words(arguments.defaults, module)
            case ast.BinOp(left=asked, right=ast.Attribute(attr="roles")):
                yield from _words([asked], module)


def _words(nodes: list[ast.expr], module: Any) -> Iterator[str]:
    for node in (inner for outer in nodes for inner in ast.walk(outer)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Name) and node.id.isupper():
            yield getattr(module, node.id)


def test_every_role_that_a_route_asks_for_can_be_given_and_no_other() -> None:
    paths = [*(ROOT / "services").glob("*/api/**/*.py"), *(ROOT / "shared/http").glob("*.py")]
    # Administrators pass every door.
    assert {role for path in paths for role in _roles_of(path)} | {"admin"} == ROLES
