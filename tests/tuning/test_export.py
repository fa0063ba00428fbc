"""What is exported is read back by what it is meant for."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulsetrain.data import open_frames
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.stream import read_stream
from pulsetrain.options import OptionError
from pulsetrain.tuning.export import indexamajig_command, result_stream, tuned_geometry, xwiz_toml
from pulsetrain.tuning.native import NativeEngine
from pulsetrain.tuning.options import IndexingOptions

OPTIONS = IndexingOptions(
    min_snr=6.25, min_pix_count=3, threshold=12.5, tolerance=2, angle_tolerance=0.75, min_res=50.4
)

# indexamajig(1), https://www.desy.de/~twhite/crystfel/manual-indexamajig.html: options with a value, and without.
DOCUMENTED = {
    *("--peaks", "--min-snr", "--min-pix-count", "--max-pix-count", "--threshold", "--local-bg-radius", "--min-res"),
    *("--max-res", "--min-peaks", "--indexing", "--tolerance", "--int-radius"),
}
FLAGS = {"--multi", "--no-retry"}
SHORT = {"-i", "-g", "-o", "-p", "-j"}

# The tables and keys of EXtra-Xwiz's configuration for CrystFEL 0.10, tutorials/crystals2023/xwiz_conf.toml.
XWIZ = {
    "data": {"proposal", "runs", "frames_range"},
    "geom": {"file_path"},
    "indexamajig_run": {
        *("resolution", "peak_method", "peak_threshold", "peak_snr", "peak_min_px", "peak_max_px", "peaks_hdf5_path"),
        *("index_method", "n_cores", "local_bg_radius", "integration_radii", "max_res", "min_peaks", "extra_options"),
    },
    "unit_cell": {"file_path", "run_refine"},
}

GEOMETRY = """\
photon_energy = 9300 eV ; as measured
clen = 0.1 ; metres
res = 5000
a/min_fs = 0
a/max_fs = 9
a/min_ss = 0
a/max_ss = 4
a/corner_x = 0
a/corner_y = 0
a/coffset = 0.002
"""


def parsed(command):
    """Return the arguments of a command as indexamajig understands them."""
    program, *words = shlex.split(command)
    assert program == "indexamajig"
    found, rest = {}, iter(words)
    for word in rest:
        if word in SHORT:
            found[word] = next(rest)
        else:
            name, _, value = word.partition("=")
            assert (name in DOCUMENTED and value) or (word in FLAGS), word
            found[name] = value
    return found


def test_command_says_every_option_by_its_documented_name():
    assert parsed(indexamajig_command(OPTIONS, "tuned.geom", "a.cell", processes=4)) == {
        "-i": "files.lst",
        "-g": "tuned.geom",
        "-o": "indexed.stream",
        "-p": "a.cell",
        "-j": "4",
        "--peaks": "peakfinder8",
        "--min-snr": "6.25",
        "--min-pix-count": "3",
        "--max-pix-count": "200",
        "--threshold": "12.5",
        "--local-bg-radius": "3",
        "--min-res": "50",
        "--max-res": "1200",
        "--min-peaks": "15",
        "--indexing": "asdf",
        "--tolerance": "2,2,2,0.75,0.75,0.75",
    }
    assert "--multi" in parsed(indexamajig_command(OPTIONS.replace(multi=True), "g", "c"))


def test_command_always_says_how_few_peaks_make_a_hit():
    assert parsed(indexamajig_command(IndexingOptions(), "g", "c"))["--min-peaks"] == "15"


PATHS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1)


@given(path=PATHS)
def test_any_path_survives_the_shell(path):
    found = parsed(indexamajig_command(OPTIONS, path, "it's a.cell", extra=["--int-radius=4,5,7"]))
    assert found["-g"] == path
    assert found["-p"] == "it's a.cell"
    assert found["--int-radius"] == "4,5,7"


def test_a_shell_fills_in_the_number_of_cores():
    command = indexamajig_command(OPTIONS, "$(touch x)", "a b.cell").replace("indexamajig", "printf '%s\\n'", 1)
    lines = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines[lines.index("-g") + 1] == "$(touch x)"
    assert lines[lines.index("-p") + 1] == "a b.cell"
    assert re.fullmatch(r"[1-9]\d*", lines[lines.index("-j") + 1])


def test_arguments_that_options_set_are_refused_among_the_further_ones():
    for argument in ("--min-snr=3", "-j8", "--peaks=zaef", "-i"):
        with pytest.raises(OptionError, match="extra: got"):
            indexamajig_command(OPTIONS, "g", "c", extra=[argument])


def test_geometry_has_the_new_camera_length_and_nothing_else_new():
    old = CrystFELGeometry.parse(GEOMETRY)
    text = tuned_geometry(old, 0.1013)
    new = CrystFELGeometry.parse(text)
    assert new.clen == pytest.approx(0.1013)
    assert new.positions()[..., 2].min() == pytest.approx(0.1033)
    differing = [line for line, other in zip(text.splitlines(), GEOMETRY.splitlines(), strict=True) if line != other]
    assert differing == ["clen = 0.1013"]


@given(path=PATHS, min_snr=st.floats(1, 100), min_res=st.floats(0, OPTIONS.max_res), multi=st.booleans())
def test_xwiz_block_is_toml_with_xwiz_keys_and_the_same_values(path, min_snr, min_res, multi):
    options = OPTIONS.replace(min_snr=min_snr, min_res=min_res, multi=multi)
    block = tomllib.loads(xwiz_toml(options, path, "a.cell", indexing="mosflm", proposal=700000, runs=[30, 31]))
    for table, values in block.items():
        assert set(values) <= XWIZ[table]
    assert block["data"] == {"proposal": 700000, "runs": [30, 31]}
    assert block["geom"]["file_path"] == path
    assert block["unit_cell"] == {"file_path": "a.cell", "run_refine": False}
    run = block["indexamajig_run"]
    assert run["peak_snr"] == min_snr
    assert (run["peak_min_px"], run["peak_max_px"], run["min_peaks"]) == (3, 200, 15)
    assert (run["peak_threshold"], run["index_method"], run["max_res"]) == (12.5, "mosflm", 1200)
    further = shlex.split(run["extra_options"])
    assert "--tolerance=2,2,2,0.75,0.75,0.75" in further
    assert f"--min-res={min_res:.0f}" in further
    assert ("--multi" in further) == multi


def test_xwiz_block_without_a_run_leaves_the_users_data_alone():
    assert "data" not in tomllib.loads(xwiz_toml(OPTIONS, "g", "c"))


def test_stream_of_the_native_engine_says_what_crystfel_said(measured, tmp_path):
    """Panels, places and 1/d of the peaks, and the axes of the crystals, beside a real indexamajig's."""
    folder = measured / "crystfel"
    frames = open_frames(folder / "sample.h5")
    frames = frames.assign_coords(frame=("pattern", np.arange(24))).isel(pattern=[0, 3, 5, 6])
    engine = NativeEngine(folder / "sample.geom", folder / "sample.cell", processes=1)
    result = engine.evaluate(frames, IndexingOptions())
    ours = read_stream(result_stream(tmp_path / "x.stream", result, engine.geometry, engine.cell, frames))
    theirs = read_stream(folder / "base.stream")
    assert ours["event"].values.tolist() == ["//0", "//3", "//5", "//6"]
    for k, event in enumerate(ours["event"].values):
        other = int(np.flatnonzero(theirs["event"].values == event)[0])
        assert bool(ours["hit"][k]) == bool(theirs["hit"][other])
        assert int(ours["n_crystals"][k]) == int(theirs["n_crystals"][other])
        found, known = _peaks(ours, k), _peaks(theirs, other)
        close = [any(p == q and np.allclose(a, b, atol=[0.5, 0.5, 0.002]) for q, b in known) for p, a in found]
        assert sum(close) >= 0.95 * len(known)
    lengths = np.linalg.norm(ours["crystal_axes"], axis=2)
    np.testing.assert_allclose(lengths, np.broadcast_to([58.4, 67.9, 91.2], lengths.shape), rtol=0.01)


def _peaks(stream, pattern):
    mine = stream["peak_pattern"].values == pattern
    places = np.stack([stream[f"peak_{name}"].values[mine] for name in ("fast_scan", "slow_scan", "q")], axis=1)
    return list(zip(stream["peak_panel"].values[mine], places, strict=True))
