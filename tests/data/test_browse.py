"""Looking into folders, runs and files: what is told is what is there, and every line of Python offered runs."""

from __future__ import annotations

import os
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray as xr
from PIL import Image

from pulsetrain.data import DataError, browse, run_folder, write_run, write_spectra
from pulsetrain.simulate.particles import ParticleOptions, simulate_particles

DETECTOR = "SPB_DET_AGIPD1M-1/DET/*CH0:xtdf"
CAMERA = "SPB_EXP_CAM/CAM/1:daqOutput"
SPECTROMETER = "SA1_XTD9_SPECT/MDL/1:output"
XGM = "SA1_XTD2_XGM/XGM/DOOCS"
GREY = (128, 128, 128)


@pytest.fixture(scope="module")
def frames() -> xr.DataArray:
    values = np.random.default_rng(1).random((4, 16, 512, 128), dtype=np.float32)
    values[2, 3, 7] = np.nan
    return xr.DataArray(
        values,
        dims=("pattern", "module", "slow_scan", "fast_scan"),
        coords={
            "trainId": ("pattern", np.array([100, 100, 102, 105], dtype=np.uint64)),
            "pulseId": ("pattern", np.array([0, 4, 0, 0], dtype=np.uint64)),
        },
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, frames: xr.DataArray) -> Path:
    """A run with a detector, a camera, a spectrometer and slow control, in a folder whose name needs quoting."""
    rng = np.random.default_rng(2)
    return write_run(
        run_folder(tmp_path_factory.mktemp("it's"), proposal=900100, run=12),
        detectors={"SPB_DET_AGIPD1M-1": frames},
        instruments={
            CAMERA: {"data.image.pixels": rng.integers(0, 4000, (8, 60, 80)).astype(np.uint16)},
            SPECTROMETER: {"data.intensity": rng.normal(100, 3, (8, 512)), "data.limits": rng.random((8, 3))},
        },
        controls={XGM: {"pulseEnergy.photonFlux": xr.DataArray(np.arange(8.0), dims="train", attrs={"units": "µJ"})}},
        train_ids=np.arange(100, 108),
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with something of everything."""
    path = tmp_path / 'all "kinds" of it\'s\\n.h5'
    with h5py.File(path, "w") as file:
        file["entry/pictures"] = np.random.default_rng(0).random((5, 30, 40), dtype=np.float32)
        file["entry/energy"] = 9.3
        file["entry/energy"].attrs["units"] = "keV"
        file["entry/title"] = "Lysozyme, $5"
        file["entry/peaks"] = np.arange(27.0).reshape(3, 9)
        file["entry/empty"] = np.zeros((0, 4))
        file["entry/flags"] = np.array([True, False])
        file["entry/none"] = h5py.Empty("f")
        file["entry/sets"] = np.arange(60).reshape(5, 4, 3)
        file["series/intensity"] = np.random.default_rng(0).random((20, 100))
        file["series/q"] = np.linspace(0.1, 5, 100)
        file["entry/names"] = np.array([b"one", b"two"])
        file["table"] = np.zeros(3, dtype=[("x", float), ("n", int)])
        file["soft"] = h5py.SoftLink("/entry/pictures")
        file["nowhere"] = h5py.SoftLink("/entry/gone")
        file["round"] = h5py.SoftLink("/")
    return path


def drawn(picture: browse.Thumbnail) -> Image.Image:
    image = Image.open(BytesIO(picture.png))
    assert image.format == "PNG"
    return image


def ran(code: str) -> Any:
    """Run a cell, and return what a notebook would show: its last line."""
    *lines, last = code.splitlines()
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)  # noqa: S102  that it runs is what is tested
    return eval(last, names)  # noqa: S307


def every_key(path: Path) -> list[tuple[str, browse.Key]]:
    return [
        (source.name, key) for source in browse.list_sources(path).sources for key in browse.keys(path, source.name)
    ]


# Folders


def test_entries_are_told_by_their_names_in_the_order_that_people_count(tmp_path):
    for name in ("p900100", "raw", "proc", "r0012", "r0002", "else", ".hidden"):
        (tmp_path / name).mkdir()
    for name in ("scan10.h5", "scan2.H5", "300K.gr", "a.npz", "note.pdf", ".secret.h5"):
        (tmp_path / name).write_text("x")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    found = browse.list_folder(tmp_path)
    assert [(entry.name, entry.kind) for entry in found.entries] == [
        ("else", "folder"),
        ("p900100", "proposal"),
        ("proc", "proc"),
        ("r0002", "run"),
        ("r0012", "run"),
        ("raw", "raw"),
        ("300K.gr", "spectra"),
        ("a.npz", "numpy"),
        ("gone", "other"),
        ("note.pdf", "other"),
        ("scan2.H5", "hdf5"),
        ("scan10.h5", "hdf5"),
    ]
    assert found.kind == "folder"
    sizes = {entry.name: entry.size for entry in found.entries}
    assert (sizes["300K.gr"], sizes["raw"], sizes["gone"]) == (1, None, None)


def test_a_folder_of_run_files_is_a_run_whatever_its_name(run, tmp_path):
    assert browse.list_folder(run).kind == "run"
    (tmp_path / "mine").symlink_to(run)
    assert browse.list_folder(tmp_path / "mine").kind == "run"
    (tmp_path / "r0001").mkdir()
    assert browse.list_folder(tmp_path / "r0001").kind == "folder"  # there is nothing in it to open


def test_thousands_of_entries_are_listed_at_once_and_none_is_opened(tmp_path):
    for number in range(5000):
        (tmp_path / f"scan_{number:05d}.h5").touch()
    os.mkfifo(tmp_path / "pipe.h5")  # opening it would wait for ever
    began = time.process_time()
    found = browse.list_folder(tmp_path)
    assert time.process_time() - began < 1.0  # 0.1 s where nothing else runs
    assert (found.total, found.entries[0].kind) == (5001, "other")


@pytest.mark.parametrize("name", ["nothing", "x" * 300])
def test_a_path_to_nothing_is_said_to_be_one(tmp_path, name):
    for look in (browse.list_folder, browse.list_sources):
        with pytest.raises(DataError, match="check the path"):
            look(tmp_path / name)


# Runs


def test_a_run_tells_its_trains_and_folds_the_modules_of_a_detector(run):
    told = browse.list_sources(run)
    assert (told.kind, told.trains, told.first_train, told.last_train, told.duration) == ("run", 8, 100, 107, 0.7)
    assert [(source.name, source.kind, source.note) for source in told.sources] == [
        (DETECTOR, "detector", "16 modules"),
        (SPECTROMETER, "instrument", ""),
        (CAMERA, "instrument", ""),
        (XGM, "control", ""),
    ]


def test_keys_tell_shape_type_and_unit_the_main_one_first(run):
    first = {source: browse.keys(run, source)[0] for source in (DETECTOR, CAMERA, SPECTROMETER, XGM)}
    told = {source: (key.name, key.shape, key.dtype, key.units, key.opens) for source, key in first.items()}
    assert told == {
        DETECTOR: ("image.data", (4, 16, 512, 128), "float32", "", "frames"),
        CAMERA: ("data.image.pixels", (8, 60, 80), "uint16", "", "frames"),
        SPECTROMETER: ("data.intensity", (8, 512), "float64", "", "spectra"),
        XGM: ("pulseEnergy.photonFlux", (8,), "float64", "µJ", "values"),
    }
    assert "pulseEnergy.photonFlux.timestamp" not in [key.name for key in browse.keys(run, XGM)]


def test_every_key_of_a_run_can_be_drawn_and_its_python_runs(run):
    found = every_key(run)
    assert len(found) > 25
    for source, key in found:
        drawn(browse.thumbnail(run, source, key.name))
        assert ran(browse.code(run, source, key.name)).shape == key.shape, (source, key.name)


def test_one_file_of_a_run_is_opened_as_one(run):
    path = next(run.glob("*DA01*"))
    assert [source.name for source in browse.list_sources(path).sources] == [SPECTROMETER, CAMERA, XGM]
    assert ran(browse.code(path, XGM, "pulseEnergy.photonFlux")).values.tolist() == list(range(8))


def test_a_simulated_run_of_single_particles_opens_as_it_was_written(tmp_path):
    experiment = simulate_particles(ParticleOptions(n_patterns=6), seed=1)
    path = experiment.write_run(tmp_path / "r0001")
    (source, key), *_ = every_key(path)
    opened = ran(browse.code(path, source, key.name))
    np.testing.assert_array_equal(opened.values, experiment.frames.values)
    assert "frame 6 of 6" in browse.thumbnail(path, source, key.name, 5).words


def test_names_that_are_not_there_are_refused_with_those_that_are(run):
    with pytest.raises(DataError, match="a source of the run"):
        browse.keys(run, "SPB_DET")
    with pytest.raises(DataError, match=r"data\.image\.pixels"):
        browse.code(run, CAMERA, "data.pixels")
    with pytest.raises(DataError, match=r"frame 8; allowed: 0 … 7"):
        browse.thumbnail(run, CAMERA, "data.image.pixels", 8)


def test_a_run_whose_file_is_cut_off_says_which(run, tmp_path):
    copy = tmp_path / "r0001"
    copy.mkdir()
    for file in run.glob("*.h5"):
        (copy / file.name).symlink_to(file)
    (copy / "CORR-R0012-DA02-S00000.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    assert browse.list_sources(copy).note == "unreadable files: CORR-R0012-DA02-S00000.h5"


def test_a_run_that_was_written_anew_is_read_anew(tmp_path):
    folder = tmp_path / "r0001"
    write_run(folder, controls={XGM: {"pulseEnergy.photonFlux": np.arange(3.0)}})
    assert browse.list_sources(folder).trains == 3
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    write_run(folder, controls={XGM: {"pulseEnergy.photonFlux": np.arange(5.0)}})
    assert browse.list_sources(folder).trains == 5


# Files


def test_a_file_tells_its_groups_and_what_each_dataset_is_opened_as(file):
    told = {f"{source.rstrip('/')}/{key.name}": (key.shape, key.dtype, key.opens) for source, key in every_key(file)}
    assert told == {
        "/entry/pictures": ((5, 30, 40), "float32", "frames"),
        "/soft": ((5, 30, 40), "float32", "frames"),
        "/entry/energy": ((), "float64", "values"),
        "/entry/title": ((), "text", "values"),
        "/entry/names": ((2,), "text", "values"),
        "/entry/peaks": ((3, 9), "float64", "values"),
        "/entry/empty": ((0, 4), "float64", "values"),
        "/entry/flags": ((2,), "bool", "values"),
        "/entry/none": ((), "float32", "values"),
        "/entry/sets": ((5, 4, 3), "int64", "values"),
        "/series/intensity": ((20, 100), "float64", "spectra"),
        "/series/q": ((100,), "float64", "values"),
        "/table": ((3,), "record", "values"),
    }


def test_every_dataset_can_be_drawn_and_its_python_runs(file):
    for source, key in every_key(file):
        drawn(browse.thumbnail(file, source, key.name))
        opened = ran(browse.code(file, source, key.name))
        assert getattr(opened, "shape", ()) in (key.shape, None), key.name


def test_links_and_groups_in_a_circle_end(tmp_path):
    with h5py.File(tmp_path / "circle.h5", "w") as made:
        made["a/n"] = np.arange(3)
        made["a/top"] = made["/"]
        made["a/self"] = made["a"]
        made["turns"] = h5py.SoftLink("/turns")
        (tmp_path / "text.h5").write_text("no HDF5")
        made["torn"] = h5py.ExternalLink("text.h5", "/n")

    assert [source.name for source in browse.list_sources(tmp_path / "circle.h5").sources] == ["/a"]


def test_numbers_and_texts_are_told_in_words(file):
    assert browse.thumbnail(file, "/entry", "energy").words == "energy: 9.3 keV"
    assert browse.thumbnail(file, "/entry", "title").words == "title: Lysozyme, $5"
    assert browse.thumbnail(file, "/entry", "names").words == "names: one, two"
    assert browse.thumbnail(file, "/series", "q").words == "q, 100 values, 0.1 … 5, median 2.55"


def test_spectra_that_were_written_are_opened_as_spectra(tmp_path):
    series = xr.DataArray(
        np.random.default_rng(0).random((12, 90)),
        dims=("spectrum", "channel"),
        coords={
            "axis": ("channel", np.linspace(1, 2, 90), {"long_name": "Q", "units": "1/Å"}),
            "order": ("spectrum", np.arange(12.0), {"long_name": "pressure", "units": "GPa"}),
        },
        attrs={"long_name": "intensity", "units": "counts"},
    )
    write_spectra(series, tmp_path / "series.nxs")
    ((source, key),) = [found for found in every_key(tmp_path / "series.nxs") if found[1].opens == "spectra"]
    opened = ran(browse.code(tmp_path / "series.nxs", source, key.name))
    np.testing.assert_allclose(opened.values, series.values)
    assert "spectrum 4 of 12, pressure 3 GPa" in browse.thumbnail(tmp_path / "series.nxs", source, key.name, 3).words


def test_a_folder_of_text_is_one_series(tmp_path):
    for kelvin in (300, 350, 1000):
        np.savetxt(tmp_path / f"{kelvin}K.xy", np.column_stack([np.linspace(10, 20, 50), np.arange(50.0)]))
    told = browse.list_sources(tmp_path)
    assert told.sources[0].note == "3 spectra, temperature 300 … 1000 K"
    ((source, key),) = every_key(tmp_path)
    assert ran(browse.code(tmp_path, source, key.name)).shape == (3, 50)
    ((source, key),) = every_key(tmp_path / "350K.xy")
    assert ran(browse.code(tmp_path / "350K.xy", source, key.name)).shape == (1, 50)
    assert "50 values, 0 … 49" in browse.thumbnail(tmp_path / "350K.xy", source, key.name).words


@pytest.mark.parametrize("shape", [(7,), (40, 50), (3, 40, 50), ()])
def test_numpy_files_are_opened_as_what_they_hold(tmp_path, shape):
    array = np.random.default_rng(0).random(shape)
    np.save(tmp_path / "one.npy", array)
    np.savez(tmp_path / "more.npz", first=array, second=np.arange(4))
    for name in ("one.npy", "more.npz"):
        (source, key), *_ = [found for found in every_key(tmp_path / name) if found[1].name != "second"]
        drawn(browse.thumbnail(tmp_path / name, source, key.name))
        opened = np.asarray(ran(browse.code(tmp_path / name, source, key.name)))
        np.testing.assert_array_equal(opened.squeeze(), array.squeeze())


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("torn.h5", b"\x89HDF\r\n\x1a\n" + bytes(64), "HDF5 cannot open"),
        ("none.h5", b"", "an empty file"),
        ("torn.npy", b"\x93NUMPY", "NumPy cannot read"),
        ("words.xy", b"no numbers\n", "words.xy"),
        ("film.mp4", b"x" * 100, "HDF5 cannot open"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=says):
        browse.list_sources(tmp_path / name)


def test_python_objects_in_a_numpy_file_are_never_loaded(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="Python objects"):
        browse.list_sources(tmp_path / "objects.npy")


# Pictures


def saved(tmp_path: Path, picture: np.ndarray) -> Path:
    np.save(tmp_path / "picture.npy", picture)
    return tmp_path / "picture.npy"


def thumbnail(path: Path, **kwargs: Any) -> browse.Thumbnail:
    return browse.thumbnail(path, path.name, "array", **kwargs)


def test_masked_pixels_are_grey_and_a_hot_one_leaves_the_contrast_alone(tmp_path):
    picture = np.tile(np.linspace(0, 1, 100, dtype=np.float32), (100, 1))
    picture[:10] = np.nan
    picture[50, 50] = 1e9
    shown = thumbnail(saved(tmp_path, picture), size=(100, 100))
    image = drawn(shown)
    assert image.size == (100, 100)
    assert [image.getpixel((x, 5)) for x in (0, 50, 99)] == [GREY] * 3
    dark, bright = image.getpixel((1, 80)), image.getpixel((98, 80))
    assert sum(dark) < 200
    assert sum(bright) > 450  # the ends of viridis
    assert "10.0% masked (grey)" in shown.words


def test_a_large_picture_is_averaged_over_what_is_not_masked(tmp_path):
    picture = np.zeros((64, 64), dtype=np.float32)
    picture[:, 32:] = 8
    picture[::2, 32:] = np.nan  # half of each block
    image = drawn(thumbnail(saved(tmp_path, picture), size=(8, 8)))
    assert image.size == (8, 8)
    assert {image.getpixel((x, y)) for x in range(4, 8) for y in range(8)} == {(253, 231, 36)}


@pytest.mark.parametrize("value", [np.nan, 0.0, 5.0])
def test_a_picture_without_contrast_is_drawn_all_the_same(tmp_path, value):
    shown = thumbnail(saved(tmp_path, np.full((40, 40), value)))
    assert len(drawn(shown).getcolors()) == 1


def test_lines_are_drawn_for_the_page_that_they_stand_on(run):
    light, dark = (drawn(browse.thumbnail(run, XGM, "pulseEnergy.photonFlux", dark=dark)) for dark in (False, True))
    for image, ink in ((light, lambda level: level < 128), (dark, lambda level: level > 128)):
        assert image.getpixel((0, 0))[3] == 0  # the page shows through
        text = np.asarray(image)[np.asarray(image)[..., 3] == 255][:, :3].mean(axis=1)
        assert ink(np.median(text))


def test_modules_are_laid_out_as_the_detector_has_them(run, frames):
    shown = browse.thumbnail(run, DETECTOR, "image.data", 2, size=(1300, 1300))
    assert "frame 3 of 4, train 102, pulse 0, 16 × 512 × 128, modules roughly in their places" in shown.words
    image = np.asarray(drawn(shown)).reshape(-1, 3)
    masked = 1 - np.isfinite(frames[2]).mean().item()
    assert f"{masked:.1%} masked" in shown.words
    assert (image != GREY).any(axis=1).sum() == pytest.approx(16 * 512 * 128, rel=0.01)


def test_a_frame_that_is_too_large_is_not_read(tmp_path):
    with h5py.File(tmp_path / "huge.h5", "w") as file:
        file.create_dataset("data", shape=(2, 20_000, 20_000), dtype="f4", chunks=(1, 1000, 1000))
        file.create_dataset("long", shape=(10**9,), dtype="f8", chunks=(10**6,))
        file.create_dataset("wide", shape=(10**6, 10), dtype="f8", chunks=(10**4, 10))
    with pytest.raises(DataError, match="at most 256 MB for a thumbnail"):
        browse.thumbnail(tmp_path / "huge.h5", "/", "data")
    assert "the first 4194304 of 1000000000 values" in browse.thumbnail(tmp_path / "huge.h5", "/", "long").words
    assert "the first 419430 of 1000000 rows" in browse.thumbnail(tmp_path / "huge.h5", "/", "wide").words
    assert browse.code(tmp_path / "huge.h5", "/", "long").endswith('file["/long"][:100]\nvalues')


def test_measured_files_of_every_kind_are_drawn_and_opened(measured):
    paths = [
        measured / "crystfel" / "sample.h5",
        measured / "particles" / "euxfel2013_spi_4hits_recovered.h5",
        measured / "spectra" / "LaMnO3_pdf",
        measured / "images" / "data_agipd.npz",
        measured / "sfx" / "cxitut13_r10_32_cspadAsic.npy",
        measured / "sfx" / "hit-20181213155134902.h5",
    ]
    for path in paths:
        for source, key in every_key(path):
            drawn(browse.thumbnail(path, source, key.name))
            opened = np.asarray(ran(browse.code(path, source, key.name)))
            assert opened.size == np.prod(key.shape), (path, key)
