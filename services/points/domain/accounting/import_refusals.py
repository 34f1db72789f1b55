"""What a dry run that refused tells people: what is wrong and what to do."""

from collections.abc import Mapping
from typing import Any

from services.points.domain.accounting.opening_rows import COLUMNS, COLUMNS_NEEDED

# A dry run that found other figures than were told: tell others, the file is as it was.
FIGURES_DIFFER = frozenset({"sha256_differs", "rows_differ", "points_differ"})
_TEXTS: Mapping[str, str] = {
    "sha256_differs": "The parts have another SHA-256. Have them checked with theirs.",
    "rows_differ": "The parts have {rows_read} rows, not {rows_told}. "
    "Have them checked with the right figures, or begin another import with all of them.",
    "points_differ": "The rows have {points_read} points, not {points_told}. "
    "Have them checked with the right figures, or begin another import with the right rows.",
    "rows_are_wrong": "Wrong rows: {rows_bad}; see errors. Begin another import without them.",
    "header_wrong": "Part {part_number} must begin with a line that names its columns: "
    f"{', '.join(COLUMNS_NEEDED)}, and member_id or member_number; it may name "
    f"{', '.join(name for name in COLUMNS if name not in COLUMNS_NEEDED)}, each once, and no "
    "others. Begin another import with it.",
    "not_utf8": "Part {part_number} is not UTF-8. Begin another import with it in UTF-8.",
    "left_too_long": "Its parts were dropped. Begin another import.",
}


def refusal_text(told: Mapping[str, Any]) -> str | None:
    """A sentence about an import's `why_refused`, with its figures; None when it was not."""
    return None if told["why_refused"] is None else _TEXTS[told["why_refused"]].format_map(told)
