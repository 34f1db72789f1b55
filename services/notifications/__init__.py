"""Templates, the dispatch gate, deliveries and the members' inbox."""
