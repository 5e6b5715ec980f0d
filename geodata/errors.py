"""What can go wrong with facts: each error says what, where, how many, and what to do."""


class DataError(ValueError):
    """The data were refused; the message is one sentence a user can act on."""


class SourceError(DataError):
    """A file or folder could not be read as incidents or as an area."""


class DesignError(DataError):
    """An evaluation or analysis was asked for that these data cannot support."""
