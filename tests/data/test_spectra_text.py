"""Text files of spectra: what stands around the numbers does not matter."""

from __future__ import annotations

import time

import numpy as np
import pytest

from pulsetrain.data import open_spectra

AXIS = np.linspace(9.5604, 25.5496, 50).round(6)
SIGNAL = np.sin(AXIS).round(6)
ROWS = [f"{x!r} {y!r}" for x, y in zip(AXIS.tolist(), SIGNAL.tolist(), strict=True)]
PYFAI = ["# == pyFAI calibration ==", "# Distance Sample to Detector: 0.25 m", "# Wavelength: 5e-11 m", "#"]
BANKS = ["bank   angle   blendQmin", "  1     90.0        1.62", "  2    -90.0        1.62", "  3    119.0   1.97"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bare.xy", ROWS),
        ("25_header_lines.xy", ["# header"] * 25 + ROWS),
        ("pyfai.xy", [*PYFAI, "#  2th_deg   I", *ROWS]),
        ("table_in_header.gr", ["History", *BANKS, "", "##### start data", "#S 1", "#L r G(r)", *ROWS]),
        ("comments_between.xy", [*ROWS[:20], "# paused", "", *ROWS[20:], "# end"]),
        ("comments_after.dat", [row + "  # ok" for row in ROWS]),
        ("errors.xye", [f"{row} 0.01" for row in ROWS]),
        ("fit2d.chi", ["sample.tif", "2-Theta Angle (Degrees)", "Intensity", "       50", *ROWS]),
        ("titles.csv", ["2theta,intensity", *(row.replace(" ", ",") for row in ROWS)]),
        ("spaced.csv", ["2theta, intensity", *(row.replace(" ", ", ") for row in ROWS)]),
        ("decimal_comma.csv", ["2theta;I", *(row.replace(" ", ";").replace(".", ",") for row in ROWS)]),
        ("tabs.txt", [row.replace(" ", "\t") for row in ROWS]),
        ("pandas.csv", [",2theta,I", *(f"{i}," + row.replace(" ", ",") for i, row in enumerate(ROWS))]),
        ("windows.xy", ["# one", "\r\n".join(ROWS)]),
        ("byte_order_mark.xy", ["\ufeff" + ROWS[0], *ROWS[1:]]),
    ],
)
def test_header_comments_and_separators_are_found_by_themselves(folder_of, name, text):
    series = open_spectra(folder_of({name: "\n".join(text)}) / name)
    assert series.dims == ("spectrum", "channel")
    np.testing.assert_array_equal(series.axis, AXIS)
    np.testing.assert_array_equal(series.values, [SIGNAL])


@pytest.mark.parametrize(
    ("name", "above", "long_name", "units"),
    [
        ("a.xy", "", "2θ", "deg"),
        ("a.xy", "# q_A^-1 I", "Q", "1/Å"),
        ("a.xy", "# photon energy: 18 keV\n# rg_int QAveMin=0.6 r", "2θ", "deg"),
        ("a.xye", "# x: 2theta (deg)\n# exposure = 5 s", "2θ", "deg"),
        ("a.dat", "# Q (Å⁻¹) I(Q)", "Q", "1/Å"),
        ("a.dat", "# q_nm^-1 I", "Q", "1/nm"),
        ("a.dat", "# 2th_rad I", "2θ", "rad"),
        ("a.chi", "2-Theta Angle (Degrees)", "2θ", "deg"),
        ("a.gr", "#L r(A) G(r)", "r", "Å"),
        ("a.csv", "energy (keV),I", "energy", "keV"),
        ("a.csv", "q,I", "Q", "1/Å"),
        ("a.csv", "d (Å),I", "d", "Å"),
        ("a.csv", "place,I", "channel", ""),
    ],
)
def test_the_axis_is_named_by_header_or_ending(folder_of, name, above, long_name, units):
    rows = [row.replace(" ", ",") if name.endswith("csv") else row for row in ROWS]
    series = open_spectra(folder_of({name: "\n".join([above, *rows])}) / name)
    assert series.axis.attrs == {"long_name": long_name, "units": units}


def test_the_user_overrules_what_the_header_says_of_the_axis(folder_of):
    folder = folder_of({"a.xy": "\n".join(ROWS)})
    assert open_spectra(folder, axis="q").axis.attrs == {"long_name": "Q", "units": "1/Å"}
    assert open_spectra(folder, axis="q", units="1/nm").axis.attrs == {"long_name": "Q", "units": "1/nm"}
    assert open_spectra(folder, axis="2theta").axis.attrs == {"long_name": "2θ", "units": "deg"}


def test_an_angle_is_not_guessed_where_the_numbers_cannot_be_one(folder_of):
    text = "\n".join(f"{7000 + i} {i}" for i in range(50))
    assert open_spectra(folder_of({"a.xy": text})).axis.long_name == "channel"


def test_a_ramp_is_sorted_by_its_values(folder_of):
    text = "\n".join(ROWS)
    series = open_spectra(folder_of({f"s_{t}C.xy": text for t in (5, -20, 100, -3, 20)}))
    assert series.order.values.tolist() == [-20, -3, 5, 20, 100]
    assert series["name"].values.tolist() == ["s_-20C.xy", "s_-3C.xy", "s_5C.xy", "s_20C.xy", "s_100C.xy"]


def test_a_pressure_cycle_stays_in_the_order_in_which_it_was_measured(folder_of):
    text = "\n".join(ROWS)
    series = open_spectra(folder_of({f"{n:03d}_{p}GPa.xy": text for n, p in enumerate((1, 30, 60, 30, 1))}))
    assert series.order.values.tolist() == [1, 30, 60, 30, 1]
    assert series.order.attrs == {"long_name": "pressure", "units": "GPa"}


def test_without_a_varying_number_spectra_are_numbered(folder_of):
    series = open_spectra(folder_of({"a.xy": "\n".join(ROWS), "b.xy": "\n".join(ROWS)}))
    assert series.order.values.tolist() == [0, 1]
    assert series.order.attrs == {"long_name": "spectrum", "units": ""}


def test_folder_pattern_and_list_give_the_same_series(folder_of):
    folder = folder_of({f"{t}K.xy": "\n".join(ROWS) for t in (300, 1000)})
    (folder / "notes.txt").write_text("1000K was measured last")
    whole = open_spectra(folder)
    assert whole.equals(open_spectra(f"{folder}/*.xy"))
    assert whole.equals(open_spectra([folder / "300K.xy", folder / "1000K.xy"]))
    assert whole.fingerprint == open_spectra(f"{folder}/*.xy").fingerprint


def test_one_table_with_a_column_per_spectrum_is_a_series(folder_of):
    rows = [f"{x},{x + 1},{x + 2},{x + 3}" for x in range(1, 40)]
    series = open_spectra(folder_of({"ramp.csv": "\n".join(["q,300K,350K,400K", *rows])}))
    assert series.order.values.tolist() == [300, 350, 400]
    assert series.order.units == "K"
    np.testing.assert_array_equal(series.values[1], series.axis + 2)


def test_a_column_is_chosen_by_its_title(folder_of):
    folder = folder_of({"a.csv": "\n".join(["q,I,background", *(f"{x},{x + 1},{x + 2}" for x in range(1, 40))])})
    np.testing.assert_array_equal(open_spectra(folder).values[0], np.arange(2, 41))
    np.testing.assert_array_equal(open_spectra(folder, key="background").values[0], np.arange(3, 42))


def test_axes_that_differ_by_rounding_are_one_axis(folder_of):
    coarse = [f"{x:.3f} {y!r}" for x, y in zip(AXIS.tolist(), SIGNAL.tolist(), strict=True)]
    series = open_spectra(folder_of({"1.xy": "\n".join(ROWS), "2.xy": "\n".join(coarse)}))
    np.testing.assert_array_equal(series.axis, AXIS)


def test_a_series_of_the_reference_size_opens_in_seconds(folder_of):
    x = np.linspace(9.5604, 25.5496, 4023)
    y = np.random.default_rng(0).random((349, 4023)) * 1000
    header = "# header line\n" * 25
    folder = folder_of(
        {
            f"ramp_{i + 1}.xy": header + "\n".join(f"{a:.7f} {b:.6f}" for a, b in zip(x, row, strict=True))
            for i, row in enumerate(y)
        }
    )
    start = time.process_time()
    series = open_spectra(folder)
    # About 1 s of processor time; the bound allows for a slow machine and still catches a row-by-row reader.
    assert time.process_time() - start < 6
    assert series.shape == (349, 4023)
    np.testing.assert_allclose(series.values, y, atol=1e-6)
