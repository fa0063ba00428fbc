"""The one error of this package."""

from __future__ import annotations

__all__ = ["DataError"]


class DataError(ValueError):
    """Input that cannot be read, or output that may not be written.

    The message says what was got, what is allowed and what to do next.

    Parameters
    ----------
    place : object
        The file, folder or dataset at fault.
    got : str
        What is there.
    allowed : str
        What should be there.
    next_step : str
        What the user can do.

    Examples
    --------
    >>> print(DataError("300K.gr", "no numbers", "two columns of numbers", "check the file"))
    300K.gr: got no numbers; allowed: two columns of numbers. Next: check the file.
    """

    def __init__(self, place: object, got: str, allowed: str, next_step: str) -> None:
        super().__init__(f"{place}: got {got}; allowed: {allowed}. Next: {next_step}.")
        self._parts = (place, got, allowed, next_step)

    @property
    def args_without_place(self) -> tuple[str, str, str]:
        """What was got, what is allowed and what to do next, for the caller who knows the place better."""
        return self._parts[1:]

    def __reduce__(self) -> tuple[type[DataError], tuple[object, str, str, str]]:
        # An error raised in a worker process travels by pickle, which would call __init__ with the message alone.
        return type(self), self._parts
