"""What a member reads of an activity: how somebody else stands is not told to them."""

from dataclasses import replace

from services.points.domain.activities.activities import REFERRED, Activity


def member_view(activity: Activity) -> Activity:
    """The activity as its member reads it: the own side, and of whom they brought what the rule
    gives for them.

    What their wallet took, or when that ends, would say how full it was.
    """
    notes = activity.notes or []
    own = [note for note in notes if note["side"] != REFERRED]
    lost = sum(note["points"] for note in notes if note["side"] == REFERRED)
    found = replace(activity, notes=own or None, referred_points=activity.referred_points + lost)
    if not found.points:
        found.is_pending, found.activates_at, found.expires_at = False, None, None
    return found
