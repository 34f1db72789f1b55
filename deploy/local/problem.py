"""One exception for everything that a person at the terminal can do something about."""


class StackProblem(Exception):
    """What went wrong and what to do, in words; shown without a stack trace."""
