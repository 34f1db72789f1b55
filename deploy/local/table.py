"""What `make up` and `make status` print."""

from collections.abc import Sequence
from typing import Any

from deploy.local.layout import SERVICES, Layout


def columns(rows: Sequence[Sequence[object]]) -> str:
    """Rows as aligned columns, indented by two."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[place]) for row in texts) for place in range(len(texts[0]))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in texts
    )
    return "\n".join(f"  {line.rstrip()}" for line in lines)


def render_stack(stack: dict[str, Any], layout: Layout) -> str:
    """Addresses, documents and demo credentials."""
    rows = [("service", "address", "documents")]
    rows += [
        (name, stack["services"][name]["url"], f"{stack['services'][name]['url']}/docs")
        for name in SERVICES
    ]
    parts = [columns(rows)]
    engines = [(f"database of {name}", url) for name, url in stack["databases"].items()]
    engines.append(("kafka", stack["kafka"]["bootstrap_servers"]))
    parts.append(columns(engines))
    if "credentials" in stack:
        parts.append(columns(_credentials(stack)))
    parts.append(f"All of this, with a token for staff, is in {layout.stack_file}")
    return "\n\n".join(parts)


def render_state(state: dict[str, Any]) -> str:
    """Each part with its process and what became of it."""
    rows: list[Sequence[object]] = [("part", "status", "process", "port", "restarts", "since", "")]
    for name, part in state["parts"].items():
        last = f"last end: {part['last_end']}" if part["last_end"] else ""
        cells = [part[key] for key in ("status", "pid", "port", "restarts", "since")]
        rows.append([name, *("-" if cell is None else cell for cell in cells), last])
    return columns(rows)


def _credentials(stack: dict[str, Any]) -> list[tuple[str, str]]:
    staff, till = stack["credentials"]["staff"], stack["credentials"]["till"]
    return [
        ("programme", stack["program_id"]),
        ("staff", f"client {staff['client_id']}, secret {staff['secret']}"),
        (
            "till",
            f"shop {till['shop_id']}, till {till['till_id']}, "
            f"key version {till['key_version']}, secret {till['secret']}",
        ),
    ]
