"""What keeps a bridge from starting."""


class StartError(Exception):
    """The bridge cannot start; the text says what is wrong, where, and what to do."""
