"""What indexamajig is given, and what is made of its answer."""

from __future__ import annotations

import shlex

import h5py
import numpy as np
import pytest

from pulsetrain.data import DataError
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.stream import read_stream
from pulsetrain.options import OptionError
from pulsetrain.tuning.crystfel import CrystFELEngine, IndexamajigError
from pulsetrain.tuning.export import indexamajig_command, result_stream
from pulsetrain.tuning.options import IndexingOptions

OPTIONS = IndexingOptions()
HITS, INDEXED = [0, 2, 3, 5, 7, 8, 10], [0, 3, 5, 8]


@pytest.fixture
def engine(engine_of):
    with engine_of() as engine:
        yield engine


def test_result_has_the_common_layout_with_all_patterns_as_denominator(engine, frames, truth, nothing_left):
    result = engine.evaluate(frames, OPTIONS)
    assert np.flatnonzero(result["hit"]).tolist() == HITS
    assert np.flatnonzero(result["indexed"]).tolist() == INDEXED
    assert float(result["indexing_rate"]) == 4 / 12
    counts = [len(truth["patterns"][f"//{k}"]["peaks"]) for k in range(12)]
    assert result["n_peaks"].values.tolist() == counts
    assert result["reached"].all()
    assert result.attrs["engine"] == "crystfel"
    assert result.attrs["program"] == "indexamajig of CrystFEL 0.12.0"
    nothing_left()


def test_peaks_are_placed_in_the_data_of_their_pattern(engine, frames, truth):
    result = engine.evaluate(frames, OPTIONS)
    peaks = truth["patterns"]["//5"]["peaks"]
    mine = result["peak_pattern"].values == 5
    places = np.array([peak[:2] for peak in peaks])
    np.testing.assert_allclose(result["peak_fast_scan"].values[mine], places[:, 0], atol=0.0051)
    np.testing.assert_allclose(result["peak_slow_scan"].values[mine], places[:, 1], atol=0.0051)
    module, slow, fast = np.unravel_index(result["peak_pixel"].values[mine], (2, 64, 32))
    assert module.tolist() == [int(peak[4][1:]) for peak in peaks]
    assert np.abs(slow + 0.5 - places[:, 1]).max() < 0.51
    assert np.abs(fast + 0.5 - places[:, 0]).max() < 0.51


def test_axes_of_crystals_invert_the_reciprocal_ones(engine, frames, truth):
    result = engine.evaluate(frames, OPTIONS)
    for k, axes in zip(INDEXED, result["crystal_axes"].values, strict=True):
        np.testing.assert_allclose(
            axes @ np.array(truth["patterns"][f"//{k}"]["reciprocal"]).T / 10, np.eye(3), atol=1e-5
        )
    np.testing.assert_allclose(result["crystal_cell"][0, :3], [58.4, 67.9, 91.2], rtol=1e-5)


@pytest.mark.parametrize("changes", [{"min_snr": 7.5}, {"min_pix_count": 3}, {"min_peaks": 22}])
def test_options_reach_indexamajig(engine, frames, truth, changes):
    options = OPTIONS.replace(**changes)
    result = engine.evaluate(frames, options)
    for k in range(12):
        peaks = truth["patterns"][f"//{k}"]["peaks"]
        n = sum(peak[5] >= options.min_snr and peak[6] >= options.min_pix_count for peak in peaks)
        assert int(result["n_peaks"][k]) == n
        assert bool(result["hit"][k]) == (n >= options.min_peaks)


def test_camera_length_of_the_options_stands_in_the_geometry(engine, frames, stand_in):
    narrow = OPTIONS.replace(tolerance=1.0)
    assert float(engine.evaluate(frames, narrow.replace(clen=0.102)).indexing_rate) == 0
    assert CrystFELGeometry.read(stand_in.keep / "detector.geom").clen == pytest.approx(0.102)
    assert float(engine.evaluate(frames, OPTIONS.replace(clen=0.102)).indexing_rate) == 4 / 12


def test_camera_length_from_the_data_file_gives_way_to_a_number(geometry, cell, stand_in, frames):
    text = geometry.text.replace("clen = 0.1", "clen = /instrument/clen mm")
    with CrystFELEngine(CrystFELGeometry.parse(text), cell, stand_in.path, poll=0.02) as engine:
        with pytest.raises(DataError, match="camera length that stands in the data file"):
            engine.evaluate(frames, OPTIONS)
        assert float(engine.evaluate(frames, OPTIONS.replace(clen=0.1)).indexing_rate) == 4 / 12


def test_frames_of_a_file_are_read_from_it(engine, frames, stand_in):
    engine.evaluate(frames, OPTIONS)
    with h5py.File(stand_in.keep / "frames.h5") as file:
        assert list(file) == ["entry"]
    assert (stand_in.keep / "files.lst").read_text().splitlines()[3] == "frames.h5 //3"


def test_selected_frames_are_read_from_the_file_where_a_coordinate_says_which(engine, frames, stand_in):
    chosen = frames.assign_coords(frame=("pattern", np.arange(12))).isel(pattern=[5, 1, 8])
    result = engine.evaluate(chosen, OPTIONS)
    assert (stand_in.keep / "files.lst").read_text().split() == [
        "frames.h5",
        "//5",
        "frames.h5",
        "//1",
        "frames.h5",
        "//8",
    ]
    assert result["indexed"].values.tolist() == [True, False, True]


@pytest.mark.parametrize("make", [lambda f: f.isel(pattern=slice(3)), lambda f: f + 1, lambda f: f.load()])
def test_other_frames_are_written_as_they_are(engine, frames, stand_in, nothing_left, make):
    made = make(frames)
    made.attrs["source"] = frames.attrs["source"] if made.sizes["pattern"] == 3 else ""
    engine.evaluate(made, OPTIONS)
    with h5py.File(stand_in.keep / "frames.h5") as file:
        np.testing.assert_array_equal(file["frames/data"], made.values)
        assert file["frames/data"].chunks == (1, 1, 64, 32)  # one module
        assert "frames/mask" not in file
    engine.close()
    nothing_left()


def test_changed_frames_are_never_mistaken_for_their_file(engine, frames, stand_in):
    changed = frames * 2
    changed.attrs = dict(frames.attrs)
    engine.evaluate(changed, OPTIONS)
    with h5py.File(stand_in.keep / "frames.h5") as file:
        np.testing.assert_array_equal(file["frames/data"], frames.values * 2)


def test_masked_pixels_are_told_in_a_mask(engine, frames, stand_in):
    masked = frames.where(frames < 45)
    engine.evaluate(masked, OPTIONS)
    with h5py.File(stand_in.keep / "frames.h5") as file:
        np.testing.assert_array_equal(file["frames/mask"][:] == 1, frames.values >= 45)
        np.testing.assert_array_equal(file["frames/data"], np.where(frames.values < 45, frames.values, 0))
    lines = (stand_in.keep / "detector.geom").read_text().splitlines()
    assert {"data = /frames/data", "mask = /frames/mask", "mask_good = 0x0", "mask_bad = 0x1", "dim0 = %"} <= set(lines)
    assert [line for line in lines if "dim" in line][1:4] == ["m0/dim1 = 0", "m0/dim2 = ss", "m0/dim3 = fs"]
    written = CrystFELGeometry.read(stand_in.keep / "detector.geom")
    np.testing.assert_array_equal(written.positions(), engine.geometry.positions())


def test_geometry_of_written_frames_names_no_other_file(geometry, cell, stand_in, frames):
    places = "mask0_data = /m\nmask0_file = m.h5\nmask0_goodbits = 0\nmask = /x\nmask_bad = 1\n"
    kept = "mask_edge_pixels = 1\nflag_morethan = 60000\n"
    told = CrystFELGeometry.parse(places + kept + geometry.text + "m1/data = /entry/%/data\nsaturation_map = /s\n")
    with CrystFELEngine(told, cell, stand_in.path, poll=0.02) as engine:
        engine.evaluate(frames, OPTIONS)
    text = (stand_in.keep / "detector.geom").read_text()
    assert set(kept.splitlines()) <= set(text.splitlines())
    assert [line for line in text.splitlines() if "/" in line.partition("=")[2]] == ["data = /frames/data"]
    assert "mask0" not in text


def test_lazy_frames_are_written_once_for_many_evaluations(engine, frames, stand_in, nothing_left):
    masked = frames.where(frames < 45)
    engine.evaluate(masked, OPTIONS)
    first = [path.stat().st_mtime_ns for path in stand_in.left.glob("*/frames.h5")]
    engine.evaluate(masked, OPTIONS.replace(min_snr=7))
    assert [path.stat().st_mtime_ns for path in stand_in.left.glob("*/frames.h5")] == first
    assert len(first) == 1
    engine.close()
    nothing_left()


def test_frames_that_do_not_fit_are_refused(engine, frames, nothing_left):
    with pytest.raises(DataError, match=r"shape \(12, 2, 63, 32\).*\(2, 64, 32\)"):
        engine.evaluate(frames[:, :, 1:], OPTIONS)
    with pytest.raises(DataError, match="at least one"):
        engine.evaluate(frames[:0], OPTIONS)
    engine.close()
    nothing_left()


def test_patterns_that_are_left_out_on_purpose_are_no_hits(engine_of, frames):
    result = engine_of(extra=["--no-non-hits-in-stream"]).evaluate(frames, OPTIONS)
    assert float(result["indexing_rate"]) == 4 / 12
    assert result["reached"].all()


def test_arguments_that_options_set_are_refused_among_the_further_ones(engine_of, frames):
    with pytest.raises(OptionError, match="--min-peaks=3"):
        engine_of(extra=["--min-peaks=3"]).evaluate(frames, OPTIONS)


def test_progress_counts_patterns_hits_and_crystals(engine, frames, stand_in):
    stand_in.plan("slow")
    calls = []
    engine.evaluate(frames, OPTIONS, lambda done, total, _message="", /, **values: calls.append((done, total, values)))
    done = [call[0] for call in calls]
    assert done == sorted(done)
    assert len(set(done)) > 3
    assert calls[-1] == (12, 12, {"hits": 7, "crystals": 4})


def test_exported_command_is_what_the_engine_runs(engine, frames):
    options = OPTIONS.replace(min_snr=5.1234567, multi=True, tolerance=3)
    ran = engine.evaluate(frames, options).attrs["command"].split()
    told = shlex.split(
        indexamajig_command(options, "detector.geom", "sample.cell", stream="out.stream", processes=engine.processes)
    )
    assert told[0] == "indexamajig"
    assert told[1:] == ran[1:]


def test_program_is_taken_from_the_environment(geometry, cell, stand_in, monkeypatch, tmp_path):
    monkeypatch.setenv("PULSETRAIN_INDEXAMAJIG", str(stand_in.path))
    assert CrystFELEngine(geometry, cell).indexamajig == stand_in.path
    monkeypatch.delenv("PULSETRAIN_INDEXAMAJIG")
    monkeypatch.setenv("PATH", str(stand_in.path.parent))
    assert CrystFELEngine(geometry, cell).indexamajig == stand_in.path
    with pytest.raises(IndexamajigError):
        CrystFELEngine(geometry, cell, tmp_path)  # a folder


def test_result_becomes_a_stream_that_says_the_same(engine, frames, tmp_path):
    result = engine.evaluate(frames, OPTIONS.replace(clen=0.099))
    stream = read_stream(result_stream(tmp_path / "x.stream", result, engine.geometry, engine.cell, frames))
    for name in ("hit", "n_peaks", "indexed", "n_crystals", "peak_pixel", "peak_pattern"):
        np.testing.assert_array_equal(stream[name], result[name])
    np.testing.assert_allclose(stream["crystal_axes"], result["crystal_axes"], atol=1e-3)
    assert stream["event"].values.tolist() == [f"//{k}" for k in range(12)]
    assert set(stream["filename"].values) == {frames.attrs["source"]}
    assert stream["clen"].values.tolist() == [0.099] * 12
    assert CrystFELGeometry.parse(stream.attrs["geometry"]).clen == pytest.approx(0.099)
