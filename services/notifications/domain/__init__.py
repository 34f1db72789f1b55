"""The rules of messages: pure functions over frozen values."""
