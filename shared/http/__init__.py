"""HTTP as every service speaks it: problems, principals, limits, health, documents."""
