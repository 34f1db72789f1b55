"""How a message leaves the house, outside of any transaction."""
