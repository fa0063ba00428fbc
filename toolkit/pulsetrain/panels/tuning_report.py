"""What the report template of the tuning method is given: the input, then the method's own options.

The template's ``parameters`` cell is written from the model here, never by hand::

    python -m pulsetrain.panels.tuning_report
"""

from __future__ import annotations

from pulsetrain.data.input_options import InputOptions
from pulsetrain.options import Options, option
from pulsetrain.panels._template import rewrite_parameters
from pulsetrain.tuning.options import TuningOptions

__all__ = ["TuningReport"]


class _First(Options):
    """What a user has to give, at the head of the form; what each is, the models below say."""

    path: str = ""
    geometry: str = ""
    cell: str = ""


class TuningReport(TuningOptions, InputOptions, _First):
    """Parameters of ``notebooks/reports/tuning.ipynb``, in their order."""

    path: str = option(
        "", "Run folder, file or pattern of the detector's frames; empty: SIMULATED crystals, an example."
    )


if __name__ == "__main__":
    rewrite_parameters("tuning.ipynb", TuningReport)
