"""The rules of the house that no linter can express."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for top in ("services", "shared")
    for path in sorted((ROOT / top).rglob("*.py"))
    if "migrations" not in path.parts
]
UNMIRRORED = {"architecture", "benchmarks", "demo", "deploy", "e2e", "faults", "support"}
# What is tried on every route of a service mirrors no single file of it.
ALL_ROUTES = {"test_programmes.py", "test_schemathesis.py"}
# What a page of the documents says mirrors that page.
PAGES = {"test_points_page.py"}
COMMIT_CALLERS = {"shared/consumer/member.py"}  # Kafka offsets; SQL commits happen inside begin().


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nobody_commits_or_rolls_back_by_hand(path: Path) -> None:
    if str(path.relative_to(ROOT)) in COMMIT_CALLERS:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"commit", "rollback"}, f"line {node.lineno}"


def test_every_test_file_mirrors_a_source_file() -> None:
    for test in sorted((ROOT / "tests").rglob("test_*.py")):
        area, *rest = test.relative_to(ROOT / "tests").parts
        if area in UNMIRRORED or not rest or rest[-1] in ALL_ROUTES | PAGES:
            continue
        home = ROOT / "shared" if area == "shared" else ROOT / "services" / area
        source = home.joinpath(*rest[:-1], rest[-1].removeprefix("test_"))
        assert source.exists(), f"{test} tests nothing at {source}"


def test_every_domain_rule_and_use_case_has_its_tests() -> None:
    for source in SOURCES:
        parts = source.relative_to(ROOT).parts
        if parts[-1] in {"__init__.py", "errors.py"} or not {"domain", "usecases"} & set(parts):
            continue
        test = ROOT.joinpath("tests", *parts[1:-1], f"test_{parts[-1]}")
        assert test.exists(), f"{source} has no {test}"


def test_a_use_case_file_is_named_after_its_one_function() -> None:
    for source in SOURCES:
        parts = source.relative_to(ROOT).parts
        if "usecases" not in parts or parts[-1] == "__init__.py":
            continue
        tree = ast.parse(source.read_text())
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        public = [n.name for n in tree.body if isinstance(n, kinds) and not n.name.startswith("_")]
        assert public == [source.stem], f"{source}: {public}"
