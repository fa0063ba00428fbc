"""The scale of the spectra: beam intensity out, the phases' own intensity back in.

Division by the total removes the beam's jitter and steps, and with them the change of the total at the switch: the
share of a phase that scatters more then seems to reach ½ too early. What does not switch – background, a bystander –
shows by how much: it seems to change at the switch, everywhere by the same factor.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from pulsetrain.spectra._transition._shapes import Shape, share

Floats = NDArray[np.float64]

_WINDOW = 30  # spectra on either side that a local fit looks at, at least
_SPREAD = 0.01  # two channels change by the same factor when it agrees to this
_FACTORS = np.linspace(-0.7, 0.7, 281)  # logarithms of the factors tried
_FEWEST = 0.05  # share of channels that must agree


def by_total(intensity: Floats) -> Floats:
    """Divide every spectrum by its total, keeping the mean of the series."""
    total = intensity.sum(axis=1, keepdims=True)
    return np.asarray(intensity / total * total.mean())


def local_step(aligned: Floats, centre: float, width: float, shape: Shape) -> tuple[Floats, Floats, Floats]:
    """Fit straight lines on both sides of a switch.

    Returns
    -------
    mean, step, error : numpy.ndarray, (channel,)
        Mean of both phases and their difference at the centre, and the difference's standard error.
    """
    distance = np.arange(len(aligned)) - centre
    near = np.abs(distance) < max(_WINDOW, 2 * width)
    x, f = distance[near] / _WINDOW, share(shape, distance[near] / width) - 0.5
    design = np.stack([np.ones_like(x), f, x, f * x], axis=1)
    inverse = np.linalg.pinv(design)
    found = inverse @ aligned[near]
    freedom = max(1, near.sum() - 4)
    variance = np.sum((aligned[near] - design @ found) ** 2, axis=0) / freedom
    return found[0], found[1], np.sqrt(variance * np.sum(inverse[1] ** 2))


def by_bystanders(aligned: Floats, centre: float, width: float) -> Floats:
    """Rescale spectra so that what does not switch is continuous; unchanged where too little stands by."""
    mean, step, error = local_step(aligned, centre, width, "logistic")
    tiny = 1e-9 * np.abs(aligned).max() + np.finfo(float).tiny
    old, new = np.maximum(mean - step / 2, tiny), np.maximum(mean + step / 2, tiny)
    factor = np.log(new / old)
    doubt = np.sqrt((error**2 / 2) * (1 / old**2 + 1 / new**2) + _SPREAD**2)
    agreement = _SPREAD / doubt * np.exp(-0.5 * ((_FACTORS[:, None] - factor) / doubt) ** 2)
    best = int(np.argmax(agreement.sum(axis=1)))
    stands_by = agreement[best]
    if stands_by.sum() < _FEWEST * aligned.shape[1]:
        return aligned
    level = aligned @ stands_by
    level = gaussian_filter1d(np.log(level / level.mean()), max(1.0, width / 6), mode="nearest")
    return np.asarray(aligned * np.exp(-level)[:, None])
