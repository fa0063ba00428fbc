"""What was gained, where the truth is known."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pulsetrain.boosting.degradation import Degradation
from pulsetrain.boosting.judging import judge
from pulsetrain.figures._table import html_table
from pulsetrain.figures.boosting._frames import Images, images, squares
from pulsetrain.figures.boosting._pictures import Content

__all__ = ["quality", "quality_table"]


def quality(
    image: Images,
    truth: Images,
    low: Images,
    degradation: Degradation,
    *,
    content: Content = "diffraction",
    others: Mapping[str, Images] | None = None,
) -> pd.DataFrame:
    """Judge input and boosted images by the truth.

    Parameters
    ----------
    image, truth : float, shape (n, y, x), photons of the good condition
    low : float, shape (n, y, x), photons of the poor condition
        Shown as it is, over the gain.
    degradation : Degradation
    content : {'diffraction', 'imaging'}
        Diffraction is compared in √intensity.
    others : mapping of name to float, shape (n, y, x), optional
        Of further methods.

    Returns
    -------
    pandas.DataFrame
        A row each: PSNR, SSIM, resolution by Fourier ring correlation, flux error, χ² per pixel.
    """
    seen, true = images(low), images(truth)
    rows = []
    for name, each in {"input / gain": seen / degradation.gain, "boosted": image, **(others or {})}.items():
        judged = judge(squares(each), squares(true), content)
        rows.append(
            {
                "images": name,
                "PSNR (dB)": judged["psnr"],
                "SSIM": judged["ssim"],
                "resolution (px)": judged["frc"],
                "flux error (%)": 100 * judged["flux"],
                "χ² per pixel (≈\u00a01)": degradation.chi2(seen, images(each)),
            }
        )
    return pd.DataFrame(rows)


def quality_table(
    image: Images,
    truth: Images,
    low: Images,
    degradation: Degradation,
    *,
    content: Content = "diffraction",
    others: Mapping[str, Images] | None = None,
    caption: str = "",
) -> str:
    """Write `quality` as HTML, the boosted images in bold; arguments as there."""
    found = quality(image, truth, low, degradation, content=content, others=others)
    digits = {"PSNR (dB)": 1, "SSIM": 3, "resolution (px)": 1, "flux error (%)": 2, "χ² per pixel (≈\u00a01)": 3}
    shown = found.assign(**{name: found[name].map(f"{{:.{places}f}}".format) for name, places in digits.items()})
    scale = "√intensity" if content == "diffraction" else "intensity"
    classes = ["best" if name == "boosted" else "" for name in found["images"]]
    return html_table(
        shown,
        caption or f"Against the truth, {len(images(truth)):,} frames; PSNR, SSIM and resolution of {scale}",
        classes,
    )
