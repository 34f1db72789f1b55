"""Membership: the programme, its malls, shops and tills; members, their identities and tiers."""
