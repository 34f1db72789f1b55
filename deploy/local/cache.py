"""Where things that were fetched once are kept for every later start."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """GALLERIA_CACHE, else `galleria` in the user's cache folder (XDG); created if missing."""
    named = os.environ.get("GALLERIA_CACHE")
    if named:
        folder = Path(named)
    else:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "galleria"
    folder = folder.expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder
