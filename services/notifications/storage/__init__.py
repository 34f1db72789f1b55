"""The only SQL that writes; set-based functions that take a session."""
