"""Small JSON files that are always whole: written aside, then renamed."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from deploy.local.problem import StackProblem


def write_json(path: Path, value: Any) -> None:
    """Replace the file in one step; only its owner may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    with os.fdopen(descriptor, "w") as file:
        json.dump(value, file, indent=2)
        file.write("\n")
    os.replace(name, path)


def read_json(path: Path) -> dict[str, Any]:
    """The file's object; empty if there is no file. Raises StackProblem if it is damaged."""
    try:
        value: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise StackProblem(
            f"{path} is damaged ({error}): remove it, or run `make clean` to start with new data"
        ) from error
    return value
