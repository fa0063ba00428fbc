"""The ordering variable is what varies between file names."""

from __future__ import annotations

import pytest

from pulsetrain.data._inputs import natural_key
from pulsetrain.data._naming import order_from_names


@pytest.mark.parametrize(
    ("stems", "values", "long_name", "units"),
    [
        (["300K", "1150K"], [300, 1150], "temperature", "K"),
        (["LaMnO3_300K", "LaMnO3_550K"], [300, 550], "temperature", "K"),
        (["s_-20C", "s_10C"], [-20, 10], "temperature", "°C"),
        (["x_25°C", "x_30°C"], [25, 30], "temperature", "°C"),
        (["MgFeO-12.5GPa", "MgFeO-60GPa"], [12.5, 60], "pressure", "GPa"),
        (["cell_3p5GPa", "cell_12p0GPa"], [3.5, 12], "pressure", "GPa"),
        (["5kbar", "10kbar"], [5, 10], "pressure", "kbar"),
        (["5_bar", "10_bar"], [5, 10], "pressure", "bar"),
        (["t10ms", "t20ms"], [10, 20], "time", "ms"),
        (["t10us", "t20us"], [10, 20], "time", "µs"),
        (["5min", "10min"], [5, 10], "time", "min"),
        (["5s", "10s"], [5, 10], "time", "s"),
        (["ramp_1", "ramp_349"], [1, 349], "file number", ""),
        (["run12sample4", "run12sample5"], [4, 5], "file number", ""),
        (["scan_0003_350K", "scan_0004_300K"], [350, 300], "temperature", "K"),
    ],
)
def test_one_varying_number_is_the_ordering_variable_with_its_unit(stems, values, long_name, units):
    found = order_from_names(stems)
    assert found is not None
    assert (found.values, found.long_name, found.units) == (values, long_name, units)


@pytest.mark.parametrize(
    "stems",
    [["a", "b"], ["300K"], ["1_2", "3_4"], ["1_300K_5GPa", "2_310K_6GPa"], ["a1", "b1"], ["a1", "a1_2"]],
)
def test_no_number_or_several_give_no_ordering_variable(stems):
    assert order_from_names(stems) is None


def test_a_unit_is_taken_only_as_a_whole_word():
    found = order_from_names(["10sample", "20sample"])
    assert found is not None
    assert found.units == ""


def test_files_sort_as_people_count():
    assert sorted(["T10.xy", "T9.xy", "t1.xy"], key=natural_key) == ["t1.xy", "T9.xy", "T10.xy"]
