"""The pictures of an executed notebook, as they are and scaled down."""

from __future__ import annotations

import base64
import binascii
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from pulsetrain.reports._files import open_plain
from pulsetrain.reports._notebooks import has_tag

__all__ = ["Picture", "first_picture", "pictures", "scaled"]

_KINDS = ("image/png", "image/jpeg", "image/gif", "image/svg+xml")
_TAG = "thumbnail"
_LARGEST = 1 << 26  # bytes; a notebook beyond it is not opened for its picture
_PIXELS = 40_000_000  # a picture beyond it is not opened either
_SVG = 40_000  # bytes; a drawing beyond it has no small form
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_QUALITY = 72  # of JPEG: lines and letters of a figure still read


@dataclass(frozen=True)
class Picture:
    """One picture of a notebook.

    Attributes
    ----------
    kind : str
        MIME type.
    data : bytes
    cell : int
        Number of the code cell it belongs to; the injected values are none.
    """

    kind: str
    data: bytes
    cell: int

    @property
    def uri(self) -> str:
        """The picture as it is, for a page."""
        return f"data:{self.kind};base64,{base64.b64encode(self.data).decode('ascii')}"


def first_picture(notebook: Path) -> Picture | None:
    """Return the first picture of a cell tagged ``thumbnail``, else the first of all; None where there is none."""
    cells = _cells(notebook)
    tagged = [(place, cell) for place, cell in cells if has_tag(cell, _TAG)]
    return next(_of(tagged), None) or next(_of(cells), None)


def pictures(notebook: Path) -> list[Picture]:
    """Return the pictures of a notebook in their order; none of a file that is no notebook."""
    return list(_of(_cells(notebook)))


def scaled(picture: Picture, width: int, height: int) -> str:
    """Return a picture no larger than a box, in pixels, as a data address; empty where it cannot be read.

    A drawing in SVG keeps its size, and is left out where it is long.
    """
    if picture.kind == "image/svg+xml":
        return picture.uri if len(picture.data) <= _SVG else ""
    try:
        with Image.open(io.BytesIO(picture.data), formats=("PNG", "JPEG", "GIF")) as opened:
            if opened.width * opened.height > _PIXELS:
                return ""
            opened.draft("RGB", (width, height))
            image = _opaque(opened)
            image.thumbnail((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
            image.load()  # one that is small enough as it is has not been read yet, and its file closes here
    except (OSError, ValueError, SyntaxError, *_BOMBS):  # anybody's picture
        return ""
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    small = io.BytesIO()
    paper.save(small, "JPEG", quality=_QUALITY, optimize=True)
    return Picture("image/jpeg", small.getvalue(), picture.cell).uri


def _opaque(image: Image.Image) -> Image.Image:
    """Return a picture without transparency where it has none in fact, as most figures: that scales much faster."""
    if image.mode in ("P", "PA", "LA", "La"):
        image = image.convert("RGBA")
    if image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255):
        return image
    return image if image.mode == "RGB" else image.convert("RGB")


def _cells(notebook: Path) -> list[tuple[int, Mapping[str, Any]]]:
    """Return the code cells of a notebook, counted from 1."""
    file = open_plain(notebook)
    if file is None:
        return []
    with file:
        content = file.read(_LARGEST + 1)
    try:
        found = json.loads(content)["cells"] if len(content) <= _LARGEST else []
        cells = [cell for cell in found if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return []
    return list(enumerate((cell for cell in cells if not has_tag(cell, "injected-parameters")), start=1))


def _of(cells: list[tuple[int, Mapping[str, Any]]]) -> Iterator[Picture]:
    for place, cell in cells:
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else []:
            data = output.get("data") if isinstance(output, Mapping) else None
            if isinstance(data, Mapping) and (picture := _picture(data, place)) is not None:
                yield picture


def _picture(data: Mapping[str, Any], place: int) -> Picture | None:
    for kind in _KINDS:
        if kind not in data:
            continue
        text = "".join(map(str, data[kind])) if isinstance(data[kind], list) else str(data[kind])
        if kind == "image/svg+xml":
            return Picture(kind, text.encode("utf-8", "replace"), place)
        try:
            content = binascii.a2b_base64(text)
        except ValueError:
            continue
        return Picture(kind, content, place)
    return None
