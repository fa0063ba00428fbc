"""Long texts on the page of a comparison: their beginning, and what there is room for behind it, to be unfolded."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HEAD", "Clamped", "room"]

HEAD = 80  # characters that stand there in any case
_ROOM = 400_000  # characters for all texts of one column together
_MOST = 20_000  # characters of one text


@dataclass(frozen=True)
class Clamped:
    """A text in two parts.

    Attributes
    ----------
    head : str
        All of a short text; else its beginning, and how long it is.
    rest : str
        What is unfolded; empty where the head has it all.
    """

    head: str
    rest: str = ""

    @classmethod
    def of(cls, text: str, most: int = _MOST, *, head: int = HEAD) -> Clamped:
        """Divide a text, of which no more than so many characters are kept.

        Examples
        --------
        >>> Clamped.of("no peaks")
        Clamped(head='no peaks', rest='')
        >>> Clamped.of("ab" * 600, 10, head=4)
        Clamped(head='abab… (1,200 characters)', rest='…ababab…')
        """
        if len(text) <= head:
            return cls(text)
        many = f" ({len(text):,} characters)" if len(text) > 10 * HEAD else ""
        return cls(f"{text[:head]}…{many}", f"…{text[head:most]}{'…' if len(text) > most else ''}")


def room(texts: int) -> int:
    """Return how many characters each of so many texts may have."""
    return min(_MOST, _ROOM // max(texts, 1))
