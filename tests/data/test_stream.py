"""CrystFEL streams: what a real indexamajig wrote is read, what is read is written, damage is named."""

from __future__ import annotations

import csv
import json
import string

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulsetrain.data import DataError
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.panel_positions import panels_of_pixels, pixels_of_panels, places_of_panels, scattering_vectors
from pulsetrain.data.stream import read_stream, write_stream
from pulsetrain.data.stream_chunks import StreamFile
from pulsetrain.data.unit_cell import UnitCell

WORDS = st.text(string.ascii_letters + string.digits + "/._- ", min_size=1, max_size=20).map(str.strip).filter(bool)


@pytest.fixture
def real(measured):
    return measured / "crystfel" / "base.stream"


def small(n=3):
    """Return a stream of a few patterns; the second has two peaks and a crystal."""
    axes = np.array([[58.4, 0, 0], [0, 67.9, 0], [0, 0, 91.2]])
    return xr.Dataset(
        {
            "filename": ("pattern", np.full(n, "a.h5")),
            "event": ("pattern", np.array([f"//{k}" for k in range(n)])),
            "hit": ("pattern", np.arange(n) == 1),
            "clen": ("pattern", np.full(n, 0.135)),
            "photon_energy": ("pattern", np.full(n, 9300.0)),
            "peak_pattern": ("peak", [1, 1]),
            "peak_panel": ("peak", ["p0", "p1"]),
            "peak_slow_scan": ("peak", [1.25, 2.5]),
            "peak_fast_scan": ("peak", [3.75, 4.0]),
            "peak_q": ("peak", [0.1, 0.25]),
            "peak_intensity": ("peak", [100.0, -3.5]),
            "crystal_pattern": ("crystal", [1]),
            "crystal_axes": (("crystal", "axis", "xyz"), axes[None]),
            "crystal_lattice_type": ("crystal", ["orthorhombic"]),
            "crystal_centering": ("crystal", ["P"]),
        }
    )


@pytest.fixture
def written(tmp_path):
    return write_stream(tmp_path / "x.stream", small())


def test_real_stream_agrees_with_the_table_made_of_it(real, measured):
    stream = read_stream(real)
    with (measured / "crystfel" / "crystfel_per_frame.csv").open(newline="") as file:
        rows = {f"//{row['event']}": row for row in csv.DictReader(file) if row["setting"] == "base"}
    assert stream["event"].values.tolist() != sorted(stream["event"].values)  # two processes wrote it
    for k, event in enumerate(stream["event"].values):
        row = rows.pop(str(event))
        assert int(stream["n_peaks"][k]) == int(row["num_peaks"])
        assert bool(stream["hit"][k]) == (row["hit"] == "1")
        assert str(stream["indexed_by"].values[k]) == row["indexed_by"]
        assert int(stream["n_crystals"][k]) == int(row["n_crystals"])
    assert not rows


def test_real_stream_tells_beam_geometry_and_cell(real, measured):
    stream = read_stream(real)
    truth = json.loads((measured / "crystfel" / "truth.json").read_text())
    assert set(stream["clen"].values) == {truth["clen"]}
    assert set(stream["photon_energy"].values) == {truth["energy"]}
    assert stream.attrs["geometry"] == (measured / "crystfel" / "sample.geom").read_text()
    assert stream.attrs["command"].startswith("indexamajig -i files.lst ")
    lengths = np.linalg.norm(stream["crystal_axes"], axis=2)
    np.testing.assert_allclose(lengths, np.broadcast_to(truth["cell"], lengths.shape), rtol=0.005)


def test_peaks_of_a_real_stream_lie_where_their_resolution_says(real, measured):
    """1/d that indexamajig wrote beside each peak, from the place in the laboratory."""
    stream = read_stream(real)
    geometry = CrystFELGeometry.read(measured / "crystfel" / "sample.geom")
    places = places_of_panels(
        geometry, *(stream[f"peak_{name}"].values for name in ("panel", "slow_scan", "fast_scan"))
    )
    angle = np.arctan2(np.hypot(places[:, 0], places[:, 1]), places[:, 2])
    np.testing.assert_allclose(2 * np.sin(angle / 2) / geometry.wavelength, stream["peak_q"], atol=0.00051)
    np.testing.assert_allclose(places, geometry.positions().reshape(-1, 3)[stream["peak_pixel"]], atol=0.71 / 5000)


def test_real_stream_written_again_differs_by_its_reflections_alone(real, tmp_path):
    again = write_stream(tmp_path / "again.stream", read_stream(real))
    ours, theirs = again.read_text().splitlines(), iter(real.read_text().splitlines())
    rounded = ("peak_resolution", "Cell parameters", "diffraction_resolution_limit", "num_reflections")
    for line in ours:
        if not line.startswith(rounded):
            assert line in theirs  # in the same order; lines between may be left out


def test_round_trip_keeps_what_was_written(written):
    stream, first = read_stream(written), small()
    for name in first.variables:
        if first[name].dtype.kind == "f":
            np.testing.assert_allclose(stream[name], first[name], atol=0.0051 if "peak" in name else 1e-4)
        else:
            np.testing.assert_array_equal(stream[name], first[name])
    assert stream["indexed_by"].values.tolist() == ["none", "pulsetrain", "none"]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_round_trip_of_any_stream(data, tmp_path):
    n = data.draw(st.integers(0, 4), "patterns")
    n_peaks = data.draw(st.integers(0, 6), "peaks") if n else 0
    n_crystals = data.draw(st.integers(0, 3), "crystals") if n else 0
    rng = np.random.default_rng(data.draw(st.integers(0, 2**31), "seed"))
    stream = xr.Dataset(
        {
            "filename": ("pattern", np.array(data.draw(st.lists(WORDS, min_size=n, max_size=n)), dtype=str)),
            "event": ("pattern", np.array([f"entry//{k}" for k in range(n)], dtype=str)),
            "hit": ("pattern", rng.random(n) < 0.5),
            "clen": ("pattern", rng.uniform(0.05, 5, n)),
            "photon_energy": ("pattern", rng.uniform(1e3, 3e4, n)),
            "peak_pattern": ("peak", np.sort(rng.integers(0, max(n, 1), n_peaks))),
            "peak_panel": ("peak", rng.choice(["p0a0", "q3a15", "panel-1.b"], n_peaks)),
            "peak_slow_scan": ("peak", rng.uniform(0, 9000, n_peaks)),
            "peak_fast_scan": ("peak", rng.uniform(0, 9000, n_peaks)),
            "peak_q": ("peak", rng.uniform(0, 1, n_peaks)),
            "peak_intensity": ("peak", rng.uniform(-1e6, 1e6, n_peaks)),
            "crystal_pattern": ("crystal", np.sort(rng.integers(0, max(n, 1), n_crystals))),
            "crystal_axes": (("crystal", "axis", "xyz"), _axes(rng, n_crystals)),
        },
        attrs={"command": "indexamajig -i a", "geometry": "a = b\n", "cell": "c = d\n", "indexing": "none"},
    )
    again = StreamFile(write_stream(tmp_path / "x.stream", stream))
    chunks = list(again)
    assert [chunk.filename for chunk in chunks] == stream["filename"].values.tolist()
    assert [chunk.event for chunk in chunks] == stream["event"].values.tolist()
    assert [chunk.hit for chunk in chunks] == stream["hit"].values.tolist()
    assert (again.header.geometry, again.header.cell) == ("a = b\n", "c = d\n")
    peaks = np.concatenate([np.zeros((0, 4)), *(chunk.peaks for chunk in chunks)])
    names = ("peak_fast_scan", "peak_slow_scan", "peak_q", "peak_intensity")
    expected = np.stack([stream[name].values for name in names], axis=1)
    np.testing.assert_allclose(peaks, expected, atol=0.0051)
    assert [panel for chunk in chunks for panel in chunk.panels] == stream["peak_panel"].values.tolist()
    assert [k for k, chunk in enumerate(chunks) for _ in chunk.panels] == stream["peak_pattern"].values.tolist()
    found = np.array([crystal.axes for chunk in chunks for crystal in chunk.crystals]).reshape(-1, 3, 3)
    np.testing.assert_allclose(found, stream["crystal_axes"], atol=0.02)


def _axes(rng, n):
    turned = np.array([np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(n)]).reshape(n, 3, 3)
    return UnitCell(40, 60, 90, 85, 95, 105).matrix @ turned


def test_streams_behind_one_another_are_one(written, tmp_path):
    both = tmp_path / "both.stream"
    both.write_bytes(written.read_bytes() * 2)
    assert read_stream(both)["event"].values.tolist() == ["//0", "//1", "//2"] * 2


@pytest.mark.parametrize("cut", [0.3, 0.5, 0.8, 0.97])
def test_truncated_stream_is_refused_and_its_whole_chunks_can_be_had(written, tmp_path, cut):
    text = written.read_text()
    lines = text[: int(len(text) * cut)]
    broken = tmp_path / "broken.stream"
    broken.write_text(lines)
    with pytest.raises(DataError, match=rf"line {len(lines.splitlines())}: got the end of the file"):
        read_stream(broken)
    rest = read_stream(broken, strict=False)
    assert rest.sizes["pattern"] == lines.count("----- End chunk -----")
    assert "the end of the file" in rest.attrs["fault"]


@pytest.mark.parametrize(
    ("find", "put", "what"),
    [
        ("num_peaks = 2", "num_peaks = 3", "2 peaks where num_peaks = 3"),
        ("num_peaks = 2", "num_peaks = nan", "a whole number"),
        ("hit = 1", "", "a chunk without 'hit'"),
        ("hit = 1", "hit = yes", "'yes'; allowed: a number"),
        ("   3.75", "   3.7x", "allowed: numbers"),
        ("   3.75", "    inf", "allowed: finite numbers"),
        ("p1\n", "\n", "allowed: fs, ss, 1/d, intensity and panel"),
        ("bstar", "bstart", "a crystal without three reciprocal axes"),
        ("+0.0000000", "nan", "allowed: finite numbers"),
        ("--- End crystal\n", "", "'--- End crystal' before it"),
        ("End of reflections\n", "", "'End of reflections' before it"),
        ("----- End chunk -----\n----- Begin", "----- Begin", "a chunk within a chunk"),
        ("----- End chunk -----\n", "----- End chunk -----\nwhat\n", "got 'what'"),
        ("hit = 1", "hit = 1\0", "bytes that are no text"),
        ("hit = 1", "x" * 2**20, "bytes that are no text"),
        ("stream format 2.3", "stream format 1.0", "CrystFEL stream format 2.3"),
    ],
)
def test_damage_is_refused_by_line_and_what_is_before_it_kept(written, tmp_path, find, put, what):
    text = written.read_text()
    assert find in text
    broken = tmp_path / "broken.stream"
    broken.write_text(text.replace(find, put, 1))
    with pytest.raises(DataError, match=r"broken\.stream, line \d+") as caught:
        read_stream(broken)
    assert what in str(caught.value)
    rest = read_stream(broken, strict=False)
    assert rest.sizes["pattern"] < 3
    assert what in rest.attrs["fault"]


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n" + bytes(range(256)) * 10, b"hello\n", b"\xff\xfe" * 99])
def test_what_is_no_stream_is_refused(tmp_path, content):
    path = tmp_path / "x.stream"
    path.write_bytes(content)
    with pytest.raises(DataError, match="line 1: got "):
        read_stream(path)
    assert read_stream(path, strict=False).sizes["pattern"] == 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 1), bytes_=st.binary(min_size=1, max_size=40))
def test_no_damage_is_anything_but_a_data_error(written, where, bytes_):
    whole = written.read_bytes()
    at = int(where * len(whole))
    broken = written.with_name("broken.stream")
    broken.write_bytes(whole[:at] + bytes_ + whole[at + len(bytes_) :])
    stream = StreamFile(broken, strict=False)
    assert len(list(stream)) <= 3


def test_missing_stream_and_missing_columns_are_refused(tmp_path):
    with pytest.raises(DataError, match="no such stream"):
        read_stream(tmp_path / "none.stream")
    with pytest.raises(DataError, match="without filename"):
        write_stream(tmp_path / "x.stream", small().drop_vars("filename"))
    assert not list(tmp_path.iterdir())


def test_names_with_line_ends_are_not_written(tmp_path):
    stream = small()
    stream["filename"] = ("pattern", ["a.h5", "b\n----- End chunk -----", "c"])
    with pytest.raises(DataError, match="line ends"):
        write_stream(tmp_path / "x.stream", stream)
    assert not list(tmp_path.iterdir())


def test_one_chunk_at_a_time_is_held(tmp_path):
    import tracemalloc

    path = write_stream(tmp_path / "x.stream", small())
    chunk = path.read_text().split("----- Begin chunk -----\n")[2]
    reflections = "   1    2    3      10.00       1.00      10.00       1.00   10.0   10.0 p0\n" * 2000
    chunk = "----- Begin chunk -----\n" + chunk.replace("End of reflections", reflections + "End of reflections")
    with path.open("a") as file:
        for _ in range(60):
            file.write(chunk)
    tracemalloc.start()
    n = sum(1 for _ in StreamFile(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n == 63
    assert path.stat().st_size > 9e6
    assert peak < 1e6


def test_places_far_off_a_panel_count_to_its_edge(written):
    text = "photon_energy = 9300\nclen = 0.1\nres = 5000\n" + "".join(
        f"p{k}/min_fs = {8 * k}\np{k}/max_fs = {8 * k + 7}\np{k}/min_ss = 0\np{k}/max_ss = 3\np{k}/corner_x = 0\n"
        f"p{k}/corner_y = 0\n"
        for k in (0, 1)
    )
    written.write_text(written.read_text().replace("   3.75", "  1e300"))
    stream = read_stream(written, CrystFELGeometry.parse(text))
    assert stream["peak_pixel"].values.tolist() == [16 * 1 + 7, 16 * 2 + 8]


def test_panels_that_the_geometry_lacks_are_refused(written, measured):
    with pytest.raises(DataError, match="a panel 'p0'"):
        read_stream(written, measured / "crystfel" / "sample.geom")


@pytest.mark.parametrize(
    "axes", ["dim1 = 1\ndim2 = ss\ndim3 = fs", "dim1 = fs\ndim2 = 1\ndim3 = ss", "dim1 = ss\ndim2 = fs\ndim3 = 1"]
)
def test_pixel_and_panel_and_place_belong_together(axes):
    text = f"photon_energy = 9300\nclen = 0.1\nres = 5000\ndim0 = %\n{axes}\n"
    panel = "{0}/min_fs = {1}\n{0}/max_fs = {2}\n{0}/min_ss = 3\n{0}/max_ss = 9\n"
    panel += "{0}/fs = -0.6x +0.8y\n{0}/ss = 0.8x +0.6y\n"
    text += "".join(
        (panel + "{0}/corner_x = {1}\n{0}/corner_y = 7\n").format(*row) for row in (("a", 0, 4), ("b", 5, 11))
    )
    geometry = CrystFELGeometry.parse(text)
    rng = np.random.default_rng(2)
    names = rng.choice(["a", "b"], 50)
    slow = rng.integers(3, 10, 50) + 0.5
    fast = np.where(names == "a", rng.integers(0, 5, 50), rng.integers(5, 12, 50)) + 0.5
    pixel = pixels_of_panels(geometry, names, slow, fast)
    np.testing.assert_array_equal(panels_of_pixels(geometry, pixel), names)
    np.testing.assert_allclose(
        places_of_panels(geometry, names, slow, fast), geometry.positions().reshape(-1, 3)[pixel], atol=1e-12
    )


def test_scattering_vectors_obey_braggs_law():
    """2θ = 60° in the plane of x and z, λ = 2 Å: |q| = 2 sin θ / λ = 1/2, tilted by θ towards the source."""
    place = np.array([[3.0 * np.sin(np.pi / 3), 0.0, 3.0 * np.cos(np.pi / 3)]])
    expected = [0.5 * np.cos(np.pi / 6), 0.0, -0.5 * np.sin(np.pi / 6)]
    np.testing.assert_allclose(scattering_vectors(place, 2.0), [expected], atol=1e-12)
