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


def test_new_options_are_told_once_and_whole():
    class Span(Options):
        low: int = option(1, ge=0, le=99, at_most="high")
        high: int = option(5, ge=0, le=99)

    told, followed = [], []
    controls = OptionControls(Span(), hidden=(), changed=lambda: told.append(controls.options))
    controls.followers.append(lambda: followed.append(controls.options))
    controls.options = Span(low=50, high=60)  # low alone would lie above the old high
    assert told == followed == [Span(low=50, high=60)]
    controls.options = Span(low=50, high=60)
    assert len(told) == 1


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


@pytest.fixture
def slid():
    """A field over a part of its bounds, shown in thousandths, and what the form has told."""
    told = []
    controls = OptionControls(
        Peaks(),
        changed=lambda: told.append(controls.options.threshold),
        spans={"threshold": (4, 6, 0.1)},
        scales={"threshold": ("mσ", 1e3)},
    )
    return controls, controls.fields["threshold"], told


def test_a_number_over_a_part_of_its_bounds_tells_of_each_change_in_its_own_unit(slid):
    _, field, told = slid
    slider = field.slider
    assert (slider.min, slider.max, slider.step, slider.continuous_update) == (4000, 6000, 100, True)
    assert slider.description == "threshold (mσ)"
    slider.value = 4500
    assert told == [4.5]
    assert field.box.value == 4500


def test_a_number_beyond_its_slider_is_typed_and_makes_the_slider_longer(slid):
    controls, field, told = slid
    field.box.value = 12_340
    assert told == [12.34]
    assert (field.slider.max, field.slider.value) == (12_400, 12_340)
    controls.options = Peaks(threshold=14)
    assert (field.slider.max, field.slider.value, field.box.value) == (14_000, 14_000, 14_000)


def test_what_is_set_survives_the_browsers_rounding_to_a_step_of_the_slider(slid):
    controls, field, told = slid
    controls.options = Peaks(threshold=4.4371234)
    field.slider.value = 4400  # what the browser answers
    assert controls.options.threshold == 4.4371234
    assert field.box.value == 4437.1  # hardly rounded
    field.slider.value = 4300  # the user, a step on
    assert told[-1] == controls.options.threshold == 4.3


def test_steps_counted_in_binary_come_out_as_they_are_meant():
    class Cell(Options):
        tolerance: float = option(5.0, "Of the axes.", ge=1, le=50.0, unit="%")
        angle: float = option(1.5, "Of the angles.", ge=0.05, le=20.0, unit="deg")

    controls = OptionControls(Cell())
    assert controls.fields["tolerance"].step == 0.5
    controls.fields["tolerance"].value = 4.999999999999999
    controls.fields["angle"].value = 10**0.35
    assert controls.options == Cell(tolerance=5.0, angle=2.24)
    exact = Cell(tolerance=10 / 3, angle=1 / 3)
    controls.options = exact
    assert controls.options == exact


def test_labels_have_room_for_the_longest_of_them():
    class Long(Options):
        largest_count_of_pixels: int = option(3, "Many.", ge=1, le=9, unit="px")
        short: int = option(3, "Few.", ge=1, le=9)

    rows = OptionControls(Long()).fields.values()
    [width] = {field.style.description_width for field in rows}
    assert int(width.removesuffix("px")) > 6.5 * len("largest count of pixels (px)")  # 13 px Helvetica: 6.3 a letter
