"""What the tests of images in a browser share: notebooks that show one, and colours read back from the canvas.

Frames are shown whole at first, so that the place of every pixel on the screen follows from the size of the picture.
"""

from __future__ import annotations

import re

import matplotlib as mpl
import nbformat
import numpy as np
import pytest

LEFT, BELOW = 52, 34  # room for the axes, pixels of the screen
TOLERANCE = 4  # of 255: the browser interpolates between every fifth colour


@pytest.fixture
def show(lab, page, open_notebook):
    """Run cells in a new notebook and wait until the last image is drawn; also counts messages to the kernel."""
    sent = []

    def keep(frame):  # playwright marks its listeners, which a method of a list does not stand
        sent.append(frame if isinstance(frame, bytes) else frame.encode())

    page.on("websocket", lambda socket: socket.on("framesent", keep))

    def run(name, *cells):
        head = "import numpy as np\nfrom pulsetrain.panels import CompareImage, FrameImage, Readout\n"
        codes = [head + cells[0], *cells[1:]]
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in codes])
        book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(book, lab.root / name)
        panel = open_notebook(page, name)
        run_all(page)
        panel.locator(".jp-InputPrompt", has_text=re.compile(rf"\[{len(codes)}\]")).last.wait_for(timeout=60_000)
        panel.locator(".pulsetrain-image-contrast:not([hidden])").first.wait_for(timeout=60_000)
        return panel, lambda: sum(b"comm_msg" in frame for frame in sent)

    return run


def run_all(page):
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")


def run_cell(panel, code):
    """Run code in the kernel and return what it prints."""
    return panel.page.evaluate(
        """async code => {
          const {kernel} = window.jupyterapp.shell.currentWidget.sessionContext.session;
          const future = kernel.requestExecute({code});
          let text = '';
          future.onIOPub = message => { text += message.content.text ?? message.content.evalue ?? ''; };
          await future.done;
          return text.trim();
        }""",
        code,
    )


def canvas_of(panel, nth=0):
    return panel.locator(".pulsetrain-image > canvas").nth(nth)


def size_of(canvas):
    box = canvas.bounding_box()
    return box["width"] - LEFT, box["height"] - BELOW


def place(canvas, shape, x, y):
    """Return where a point of a frame that is shown whole lies on its canvas, in pixels of the screen."""
    wide, high = size_of(canvas)
    rows, columns = shape
    zoom = min(wide / columns, high / rows)
    return LEFT + wide / 2 + (x - columns / 2) * zoom, high / 2 + (y - rows / 2) * zoom


def colours_at(canvas, places):
    """Return what a canvas shows at places in pixels of the screen, shape (place, 3)."""
    script = "(c, places) => places.map(([x, y]) => [...c.getContext('2d').getImageData(x, y, 1, 1).data])"
    return np.array(canvas.evaluate(script, [list(place) for place in places]))[:, :3]


def colours_of(canvas, shape, pixels):
    """Return the colours in the middle of pixels (x, y), shape (pixel, 3)."""
    return colours_at(canvas, [place(canvas, shape, x + 0.5, y + 0.5) for x, y in pixels])


def expected(name, shares):
    """Return matplotlib's own colours, shape (…, 3)."""
    return np.asarray(mpl.colormaps[name](np.asarray(shares, dtype=float), bytes=True))[..., :3].astype(int)


def settled(page):
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
