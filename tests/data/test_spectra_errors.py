"""Bad input gives one clear error: what was got, what is allowed, what to do next."""

from __future__ import annotations

import numpy as np
import pytest

from pulsetrain.data import DataError, open_frames, open_spectra

ROWS = [f"{x:.3f} {y:.3f}" for x, y in zip(np.linspace(10, 25, 40), np.arange(40), strict=True)]
GOOD = "\n".join(ROWS)


def rows_with(index: int, text: str) -> str:
    return "\n".join([*ROWS[:index], text, *ROWS[index + 1 :]])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "an empty file"),
        ("  \n \n", "an empty file"),
        ("no numbers\nat all\n", "text without columns of numbers"),
        ("1.0\n2.0\n3.0\n", "one column of 3 numbers"),
        ("10.0 1.0\n", "a single row of numbers"),
        (rows_with(20, "17.0 ***"), "'17.0 ***' in line 21"),
        (rows_with(3, "11.2 abc"), "'11.2 abc' in line 4"),
        (rows_with(3, "beam lost"), "'beam lost' in line 4"),
        (rows_with(20, "beam lost"), "'beam lost' in line 21"),
        (rows_with(20, "17.0 1.0 3.0"), "in line 21"),
        ("\n".join([*ROWS, "25.4"]), "cut off"),
        (GOOD.replace("10.000 0.000", "99.000 0.000"), "turns back at point 2"),
        (GOOD.replace(" ", " nan # "), "got no finite values"),
        (GOOD.replace(" ", " inf # "), "spectrum '300K.xy': got no finite values"),
        ("\n".join(row if i % 2 else row.split()[0] + " nan" for i, row in enumerate(ROWS)), "50% NaN"),
        (GOOD.replace("10.000 0.000", "nan 0.000"), "1 of them not finite"),
    ],
)
def test_a_bad_file_is_named_with_its_fault(folder_of, text, words):
    folder = folder_of({"300K.xy": text})
    with pytest.raises(DataError) as caught:
        open_spectra(folder / "300K.xy")
    message = str(caught.value)
    assert words in message
    assert "300K.xy" in message
    assert "allowed: " in message
    assert "Next: " in message
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ("\n".join(ROWS[:25]), "25 points where 300K.xy has 40"),
        ("\n".join(f"{float(row.split()[0]) + 0.2} 1" for row in ROWS), "an axis of 10.2 … 25.2"),
        ("", "an empty file"),
    ],
)
def test_the_one_file_that_does_not_fit_is_named(folder_of, other, words):
    folder = folder_of({"300K.xy": GOOD, "350K.xy": other, "400K.xy": GOOD})
    with pytest.raises(DataError, match=r"350K\.xy.*" + words):
        open_spectra(folder)


def test_a_binary_file_is_refused(tmp_path):
    (tmp_path / "a.xy").write_bytes(bytes(range(256)))
    with pytest.raises(DataError, match="a binary file"):
        open_spectra(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_text_in_utf_16_is_named(tmp_path, encoding):
    (tmp_path / "a.xy").write_bytes(f"\ufeff{GOOD}".encode(encoding))
    with pytest.raises(DataError, match=r"a\.xy: got text in UTF-16; .*Next: save the file as UTF-8"):
        open_spectra(tmp_path)


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        open_spectra(tmp_path / "absent")
    with pytest.raises(DataError, match="no file matches"):
        open_spectra(tmp_path / "*.xy")
    with pytest.raises(DataError, match="an empty folder"):
        open_spectra(tmp_path)
    with pytest.raises(DataError, match="no such file"):
        open_spectra([tmp_path / "absent.xy"])
    with pytest.raises(DataError, match="check the list"):
        open_spectra((900100, "night shift"))
    with pytest.raises(DataError, match="an empty list"):
        open_spectra([])


@pytest.mark.parametrize("opened", [open_spectra, open_frames])
@pytest.mark.parametrize(
    ("path", "words"), [(None, "path: got None"), (5, "path: got 5"), ("~nouser/x", "~nouser/x: got a home folder")]
)
def test_what_is_no_path_is_refused(opened, path, words):
    with pytest.raises(DataError, match=words):
        opened(path)


def test_a_mixture_of_formats_is_refused(folder_of):
    with pytest.raises(DataError, match=r"1 × \.gr, 1 × \.xy.*give a pattern such as \*\.gr"):
        open_spectra(folder_of({"a.xy": GOOD, "b.gr": GOOD}))


def test_an_unknown_axis_is_refused(folder_of):
    with pytest.raises(DataError, match="axis: got 'wavelength'; allowed: 2θ, Q"):
        open_spectra(folder_of({"a.xy": GOOD}), axis="wavelength")


def test_source_without_a_run_is_refused(folder_of):
    with pytest.raises(DataError, match="leave source= out"):
        open_spectra(folder_of({"a.xy": GOOD}), source="SPB")


def test_an_unknown_column_is_refused(folder_of):
    folder = folder_of({"a.csv": "q,I\n" + GOOD.replace(" ", ",")})
    with pytest.raises(DataError, match="key='J'; allowed: I"):
        open_spectra(folder, key="J")


def test_few_masked_points_stay_nan(folder_of):
    series = open_spectra(folder_of({"a.xy": rows_with(20, ROWS[20].split()[0] + " nan")}))
    assert np.isnan(series.values).sum() == 1


@pytest.mark.parametrize("read", [open_frames, open_spectra])
def test_an_empty_path_is_not_taken_for_the_current_folder(folder_of, monkeypatch, read):
    monkeypatch.chdir(folder_of({"300K.xy": GOOD}))
    with pytest.raises(DataError, match="path: got an empty path"):
        read("")
