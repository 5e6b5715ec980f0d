"""Text from the data without the characters that pictures, documents and terminals act on instead of showing."""

from __future__ import annotations

import re

_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def readable(text: str) -> str:
    r"""Return `text` without control characters, changes of direction and what XML cannot hold; lines and tabs stay.

    A terminal obeys them (colours, titles, moving the cursor), and one of them stops an SVG or a DOCX from being read.

    Examples
    --------
    >>> readable("High\x1b[31m Street\x07")
    'High[31m Street'
    """
    return _UNSEEN.sub("", text)
