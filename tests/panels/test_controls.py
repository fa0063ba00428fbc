"""A form made from any option model."""

from __future__ import annotations

from typing import Literal

import ipywidgets
import pytest

from pulsetrain.options import OptionError, Options, option
from pulsetrain.panels._controls import OptionControls
from pulsetrain.spectra import SpectraOptions


class Peaks(Options):
    threshold: float = option(5.0, "Least height.", ge=2, le=15, unit="σ")
    window: int = option(7, "Width.", ge=1, le=99, unit="px")
    rate: float | None = option(None, "Step size.", ge=1e-6, le=1.0)
    shape: Literal["gauss", "lorentz"] = option("gauss", "Profile.")
    seed: int = option(3, "Seed.", ge=0, le=2**31 - 1)
    clip: bool | None = option(None, "Cut off.")
    note: str = option("a", "Text.")


def test_every_field_becomes_an_input_with_bounds_unit_and_help():
    fields = OptionControls(Peaks()).fields
    slider = fields["threshold"]
    assert isinstance(slider, ipywidgets.FloatSlider)
    assert (slider.min, slider.max, slider.value) == (2, 15, 5.0)
    assert slider.description == "threshold (σ)"
    assert slider.tooltip == "Least height."
    assert isinstance(fields["window"], ipywidgets.IntSlider)
    assert isinstance(fields["rate"], ipywidgets.FloatLogSlider)
    assert isinstance(fields["seed"], ipywidgets.BoundedIntText)
    assert fields["shape"].options == ("gauss", "lorentz")
    assert set(fields) == set(Peaks.model_fields)


@pytest.mark.parametrize("model", [Peaks, SpectraOptions])
def test_an_untouched_form_gives_back_its_options(model):
    assert OptionControls(model()).options == model()


def test_options_survive_the_form():
    options = Peaks(threshold=2.5, window=9, rate=0.02, shape="lorentz", seed=2**30, clip=True, note="b")
    assert OptionControls(options).options == options
    controls = OptionControls(Peaks())
    controls.options = options
    assert controls.options == options
    controls.options = Peaks()
    assert controls.options == Peaks()


def test_auto_leaves_a_field_to_the_method():
    controls = OptionControls(Peaks(rate=0.02))
    controls._ticks["rate"].value = True
    assert controls.options.rate is None
    assert controls.fields["rate"].disabled


def test_hidden_fields_keep_their_value():
    controls = OptionControls(Peaks(note="kept"), hidden=("note",))
    assert "note" not in controls.fields
    assert controls.options.note == "kept"


def test_sliders_report_once_when_let_go():
    told = []
    controls = OptionControls(Peaks(), changed=lambda: told.append(1))
    assert not controls.fields["threshold"].continuous_update
    controls.fields["threshold"].value = 6
    assert told == [1]


def test_text_that_the_model_refuses_is_an_option_error():
    controls = OptionControls(SpectraOptions())
    controls.fields["labels"].value = "nonsense"
    with pytest.raises(OptionError, match="labels"):
        _ = controls.options


def test_a_slider_over_a_part_of_the_bounds_tells_of_each_change_and_is_widened_by_what_is_set():
    told = []
    controls = OptionControls(Peaks(), changed=lambda: told.append(controls.options), spans={"threshold": (4, 6, 0.1)})
    slider = controls.fields["threshold"]
    assert (slider.min, slider.max, slider.step, slider.continuous_update) == (4, 6, 0.1, True)
    slider.value = 4.5
    assert told[-1].threshold == 4.5
    controls.options = Peaks(threshold=12)
    assert (slider.max, slider.value) == (12, 12)
