"""Whatever a library raises while it reads a file becomes one sentence for the user."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from geodata.errors import DataError, SourceError

_LONGEST_REASON = 160
_IN_MEMORY = re.compile(r"'?(?:/vsi\w+/)+[^\s']*'?")  # GDAL's name of a file in memory means nothing to a user


@contextmanager
def one_sentence(problem: str, advice: str) -> Iterator[None]:
    """Turn any failure of the block into ``SourceError("<problem> (<reason>); <advice>.")``; its remarks are ignored.

    Readers written in Rust or C++ report damaged files in many ways, some of them outside ``Exception``: a user who
    gives a damaged file needs to know which one, not how a library fails. Interruptions by the user pass.

    Raises
    ------
    SourceError
        If the block fails.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on styles, unknown fields and the like carry no data
            yield
    except (DataError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # Rust panics are no Exception
        raise SourceError(f"{problem} ({first_line(error)}); {advice}.") from error


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text, short enough for a sentence."""
    lines = _IN_MEMORY.sub("it", str(error)).strip().splitlines()
    return lines[0][:_LONGEST_REASON].rstrip(".; ") if lines else type(error).__name__
