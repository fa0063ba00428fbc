"""What the report template of the boosting method is given: the input, then the method's own options.

The template's ``parameters`` cell is written from the model here, never by hand::

    python -m pulsetrain.panels.boosting_report
"""

from __future__ import annotations

from pulsetrain.boosting.options import BoostingOptions
from pulsetrain.data.input_options import InputOptions
from pulsetrain.options import Options, option
from pulsetrain.panels._template import rewrite_parameters

__all__ = ["BoostingReport"]


class _First(Options):
    """What a user has to give, at the head of the form; what each is, the models below say."""

    path: str = ""
    high: str = ""
    model: str = ""
    test_low: str = ""
    test_truth: str = ""
    geometry: str = ""


class BoostingReport(BoostingOptions, InputOptions, _First):
    """Parameters of ``notebooks/reports/boosting.ipynb``, in their order."""

    path: str = option(
        "", "Run folder, file or pattern of the poor condition's frames; empty: SIMULATED particles, an example."
    )


if __name__ == "__main__":
    rewrite_parameters("boosting.ipynb", BoostingReport)
