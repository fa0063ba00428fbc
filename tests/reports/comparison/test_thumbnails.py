"""The small pictures of jobs beside their rows, whatever pictures their notebooks hold."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image
from tests.reports.comparison.jobs import cell, notebook, page_of, png, write

from pulsetrain.reports._comparison_pictures import Picture, first_picture, scaled


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_smaller_than_its_thumbnail_is_shown_too(kind):
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(file, kind)

    assert scaled(Picture(f"image/{kind.lower()}", file.getvalue(), 1), 100, 100).startswith("data:image/jpeg")


def test_the_thumbnail_is_the_tagged_cells_picture_else_the_first(batch):
    tagged = [cell(png("red")), cell(png("blue"), tags=("thumbnail",))]
    found = batch(
        {"parameters": {"run": 1}, "metrics": {}, "cells": tagged},
        {"parameters": {"run": 2}, "metrics": {}, "cells": [cell(), cell(png("lime")), cell(png("red"))]},
    )
    assert page_of(found).row("Job")[:3] == ["Job", "Picture", "run"], "in sight, however many columns there are"
    images = [picture["src"] or "" for picture in page_of(found).named("img")]
    shown = [Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))) for source in images]
    middles = [image.convert("RGB").getpixel((image.width // 2, image.height // 2)) for image in shown]
    assert np.abs(np.array(middles) - [[0, 0, 255], [0, 255, 0]]).max() < 8
    assert all(image.size == (280, 210) for image in shown)


def test_drawings_keep_their_form_where_they_are_short_and_are_left_out_where_not(tmp_path):
    write(tmp_path / "n.ipynb", notebook(cell("<svg xmlns='http://www.w3.org/2000/svg'/>", kind="image/svg+xml")))
    picture = first_picture(tmp_path / "n.ipynb")
    assert picture is not None
    assert scaled(picture, 10, 10).startswith("data:image/svg+xml;base64,")
    assert not scaled(Picture("image/svg+xml", b" " * 100_000, 1), 10, 10)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_what_is_no_picture_has_no_thumbnail(data):
    assert not scaled(Picture("image/png", data, 1), 10, 10)


@pytest.mark.parametrize(("mode", "colour"), [("RGBA", (0, 0, 0, 0)), ("LA", (0, 0)), ("L", 255), ("I;16", 65535)])
def test_pictures_of_every_kind_lie_on_white_paper(mode, colour):
    file = io.BytesIO()
    Image.new(mode, (40, 30), colour).save(file, "PNG")
    uri = scaled(Picture("image/png", file.getvalue(), 1), 20, 20)
    small = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
    assert small.size == (20, 15)
    assert small.getpixel((10, 7)) == (255, 255, 255)
