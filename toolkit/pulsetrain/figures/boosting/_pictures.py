"""How images are drawn without a browser: masked pixels grey, intensities over decades, colour bars in photons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure


__all__ = ["Content", "colours", "norm_of", "photon_bar"]

Content = Literal["diffraction", "imaging"]

_MASKED = "#c8c8cc"
_LINEAR = 1.0  # photons up to which diffraction is drawn about linearly


def colours(name: str = "viridis") -> Any:
    """Return a colour map with masked pixels grey."""
    import matplotlib as mpl

    return mpl.colormaps[name].with_extremes(bad=_MASKED)


def norm_of(images: NDArray[np.floating], content: Content) -> Normalize:
    """Return the scale that images share: of diffraction from 0 over decades, of imaging linear between percentiles."""
    from matplotlib.colors import AsinhNorm, Normalize

    known = images[np.isfinite(images)]
    if content == "diffraction":
        top = float(np.percentile(known, 99.9)) if len(known) else 1.0
        return AsinhNorm(_LINEAR, vmin=0.0, vmax=max(top, 3 * _LINEAR))
    low, high = np.percentile(known, (0.5, 99.5)) if len(known) else (0.0, 1.0)
    return Normalize(float(low), float(max(high, low + 1e-6)))


def photon_bar(drawing: Figure, seen: ScalarMappable, every: Any) -> None:
    """Put a colour bar in photons beside axes."""
    bar = drawing.colorbar(
        seen, ax=every, label="photons", pad=0.01, ticks=_ticks(seen.norm), extend="max", format="%g"
    )
    bar.minorticks_off()


def _ticks(norm: Any) -> list[float] | None:
    """Return the ticks of a colour bar: 0 and powers of ten over decades, else whatever matplotlib finds."""
    from matplotlib.colors import AsinhNorm

    if not isinstance(norm, AsinhNorm) or norm.vmax is None:
        return None
    powers = 10.0 ** np.arange(np.floor(np.log10(norm.vmax)) + 1)
    steps = powers if len(powers) > 3 else np.sort(np.concatenate([powers, 3 * powers]))
    return [0.0, *(float(step) for step in steps if step <= norm.vmax)]
