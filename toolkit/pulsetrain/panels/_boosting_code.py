"""The lines of Python that do what the boosting control did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulsetrain.boosting.options import BoostingOptions
from pulsetrain.panels._boosting_input import BoostingInput
from pulsetrain.panels._code import arguments, near

if TYPE_CHECKING:
    from pulsetrain.boosting import Booster

__all__ = ["FILES", "boosting_code"]

FILES = ("high", "model", "test_low", "test_truth")  # options that a Booster takes no notice of


def boosting_code(given: BoostingInput, options: BoostingOptions, *, held: bool, booster: Booster | None) -> str:
    """Write them.

    Parameters
    ----------
    given : BoostingInput
    options : BoostingOptions
    held : bool
        Whether the booster was given, or read from the folder that options name, rather than learnt.
    booster : Booster or None
        That gave the result, once there is one.
    """
    high, test = given.named(options)
    lines = [] if given.simulated else ["import pulsetrain"]
    lines += ["from pulsetrain.boosting import Booster", given.opening]
    if held:
        lines.append(f"booster = Booster.load({near(options.model)!r})" if options.model else "booster = panel.booster")
    else:
        lines.append(f"booster = Booster({arguments(options, FILES)}).fit(low, {high})")
        lines += [f"booster.save({near(options.model)!r})"] if options.model else []
    if booster is not None and booster.calibration_ is not None and (options.model or not held):
        lines.append(f"booster.calibrate({test})")
    std = options.method == "degradation" or options.members > 1
    return "\n".join([*lines, f"result = booster.predict(low{', return_std=True' if std else ''})"])
