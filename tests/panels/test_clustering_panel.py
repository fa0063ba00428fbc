"""The control of the clustering method, driven as its widgets would, without a browser."""

from __future__ import annotations

import base64
import threading

import ipywidgets
import numpy as np
import pytest
import xarray as xr

from pulsetrain.clustering import FrameClusterer
from pulsetrain.clustering.options import ClusteringOptions
from pulsetrain.clustering.results import clustering_result
from pulsetrain.clustering.selection import read_pulses
from pulsetrain.data import DataError
from pulsetrain.figures.clustering import MASKED
from pulsetrain.panels import ClusteringPanel
from pulsetrain.panels._clustering_edit import Edits
from pulsetrain.panels._clustering_map import PointMap
from pulsetrain.simulate.particles import ParticleOptions, simulate_particles


@pytest.fixture(scope="module")
def example():
    return simulate_particles(ParticleOptions(n_patterns=240), seed=1)


@pytest.fixture(scope="module")
def frames(example):
    return example.frames.compute()


@pytest.fixture(scope="module")
def sorted_by_physics(frames):
    clusterer = FrameClusterer(epochs=0).fit(frames)
    return clusterer, clusterer.predict(frames)


@pytest.fixture
def panel(frames, example, sorted_by_physics):
    clusterer, result = sorted_by_physics
    panel = ClusteringPanel(frames, result, clusterer=clusterer, labels=example.truth.hit, epochs=0)
    panel.wait()
    yield panel
    panel.close()


def lasso(panel, chosen):
    """Tell of a selection as the page does."""
    content = {"kind": "selection", "count": int(chosen.sum())}
    panel._form.map._on_message(None, content, [np.packbits(chosen).tobytes()])
    panel.wait()


def test_scores_are_measured_and_counted_with_intervals(frames, sorted_by_physics):
    panel = ClusteringPanel(frames)
    panel.measure(wait=True)
    expected = sorted_by_physics[1]
    np.testing.assert_array_equal(panel.result.hit, expected.hit)
    assert panel.counts["frames"].sum() == 240
    assert "240 frames" in panel._form.counts.value
    assert f"{int((expected.hit == 'single').sum())}" in panel._form.counts.value
    assert "press Fit" in panel.task.text
    panel.close()


def test_only_a_sample_of_many_frames_is_measured_at_first(frames):
    panel = ClusteringPanel(frames, sample=100)
    panel.measure(wait=True)
    assert panel.result.sizes["pattern"] == 100
    panel.selection = [0, 239]
    np.testing.assert_array_equal(panel.selection, [0, 239])
    np.testing.assert_array_equal(panel.result.trainId[-1], frames.trainId[239])
    assert "100 of 240 frames" in panel._form.counts.value
    panel.close()


def test_frames_under_the_lasso_are_shown_with_what_was_found(panel, frames):
    chosen = np.isin(np.arange(240), [3, 77, 200])
    lasso(panel, chosen)
    np.testing.assert_array_equal(panel.selection, [3, 77, 200])
    gallery = panel._form.gallery
    assert [words[0].split()[0] for words in gallery.captions] == ["3", "77", "200"]
    assert str(panel.result.hit.values[77]) in gallery.captions[1][1]
    tiles = np.frombuffer(gallery.tiles, dtype=np.uint8).reshape(3, gallery.side, gallery.side)
    first = (128 - gallery.side) // 2
    middle = np.isnan(frames[77].to_numpy())[first : first + gallery.side, first : first + gallery.side]
    assert middle.any()
    np.testing.assert_array_equal(tiles[1] == MASKED, middle)
    assert "3 frames selected" in panel._form.selected.value


def test_of_a_large_selection_some_are_shown_and_all_are_counted(panel):
    lasso(panel, np.ones(240, dtype=bool))
    assert len(panel._form.gallery.captions) == 60
    assert "240 frames selected" in panel._form.selected.value
    assert "60 of them" in panel._form.selected.value
    lasso(panel, np.zeros(240, dtype=bool))
    assert panel._form.gallery.captions == []


def test_the_point_under_the_cursor_and_a_clicked_one_are_shown(panel, frames):
    panel._form.map._on_message(None, {"kind": "hover", "index": 42}, [])
    panel._form.map._on_message(None, {"kind": "open", "index": 17}, [])
    panel.wait()
    assert panel._form.under.captions[0][0].startswith("42 ")
    np.testing.assert_array_equal(panel._form.image.frame, frames[17])
    assert "Frame 17" in panel._form.seen.value
    assert f"trainId {int(frames.trainId[17])}" in panel._form.seen.value


def test_fringes_of_two_particles_stand_beside_the_frame(panel, example):
    truth = example.truth
    pairs = np.flatnonzero((truth.n_particles == 2) & (truth.separation > 4e-7) & (truth.photons > 3000))
    panel._form.map._on_message(None, {"kind": "open", "index": int(pairs[0])}, [])
    panel.wait()
    power = panel._form.power.frame
    y, x = np.indices(power.shape) - 32
    far = np.hypot(x, y) > 12
    assert power[far].max() > power[far].mean() + 6 * power[far].std()


def test_a_picture_in_the_gallery_is_opened_by_a_click(panel):
    lasso(panel, np.isin(np.arange(240), [5, 6]))
    panel._form.gallery._on_message(None, {"kind": "open", "position": 1}, [])
    panel.wait()
    assert panel._form.image.title == "Frame 6"


def test_points_are_coloured_by_kind_cluster_and_score(panel):
    form = panel._form
    kinds = np.frombuffer(form.map.categories, dtype=np.uint8)
    assert (kinds == 1).sum() == (panel.result.hit == "single").sum()
    assert "single" in form.key.value
    form.colour.value = "hit_score"
    shades = np.frombuffer(form.map.categories, dtype=np.uint8)
    order = np.argsort(panel.result.hit_score.to_numpy())
    assert (np.diff(shades[order].astype(int)) >= 0).all()
    form.colour.value = "cluster"
    assert "single hits" in form.key.value


def test_an_unknown_score_is_grey_and_a_nan_is_on_no_place(frames):
    kind = np.zeros(240, dtype=int)
    scores = {"hit_score": np.where(np.arange(240) == 9, np.nan, 1.0), "fringe_score": np.arange(240.0)}
    result = clustering_result(frames, kind, np.tile([1.0, 0, 0], (240, 1)), scores, ClusteringOptions())
    panel = ClusteringPanel(frames, result)
    places = np.frombuffer(panel._form.map.places, dtype=np.float32).reshape(-1, 2)
    assert np.flatnonzero(np.isnan(places).any(axis=1)).tolist() == [9]
    panel._form.colour.value = "hit_score"
    shades = np.frombuffer(panel._form.map.categories, dtype=np.uint8)
    assert np.flatnonzero(shades == len(panel._form.map.palette) - 1).tolist() == [9]
    panel.close()


def test_the_confidence_slider_makes_frames_unsure_at_once_but_none_called_by_hand(panel):
    panel.selection = [0]
    panel._form.kind.value = "multiple"
    panel._form.call.click()
    panel.controls.fields["confidence"].value = 0.999
    sure = panel.result.probability.max("kind") >= 0.999
    assert (panel.result.hit[1:] == "unsure").equals(~sure[1:])
    assert panel.result.hit[0] == "multiple"
    assert panel.result.by_hand.values.tolist() == [True] + 239 * [False]


def test_clusters_are_named_merged_split_and_undone(panel):
    form, before = panel._form, panel.result.cluster.to_numpy()
    names = dict(map(reversed, form.cluster.options))
    form.cluster.value = one = next(number for number, name in names.items() if name == "single hits")
    form.name.value = "spheres"
    form.rename.click()
    assert "spheres" in dict(form.cluster.options)
    panel.selection = np.flatnonzero(before == one)[:7]
    form.name.value = "rods"
    form.split.click()
    new = dict(form.cluster.options)["rods"]
    assert (panel.result.cluster == new).sum() == 7
    form.cluster.value, form.into.value = new, one
    form.merge.click()
    np.testing.assert_array_equal(panel.result.cluster, before)
    form.undo.click()
    assert (panel.result.cluster == new).sum() == 7
    form.undo.click()
    form.undo.click()
    np.testing.assert_array_equal(panel.result.cluster, before)
    assert "single hits" in dict(form.cluster.options)
    assert form.undo.disabled


def test_moved_frames_are_of_their_new_clusters_kind(panel):
    form, cluster = panel._form, panel.result.cluster.to_numpy()
    numbers = dict(form.cluster.options)
    form.cluster.value = numbers["no hit"]
    form.pick.click()
    panel.wait()
    np.testing.assert_array_equal(panel.selection, np.flatnonzero(cluster == numbers["no hit"]))
    panel.selection = panel.selection[:4]
    form.into.value = numbers["multiple hits"]
    moved = panel.selection
    form.move.click()
    assert (panel.result.hit.to_numpy()[moved] == "multiple").all()
    assert "4 frames moved to multiple hits" in panel.task.text


def test_what_cannot_be_done_is_said(panel):
    panel._form.split.click()
    assert "no frame is selected" in panel.task.text
    panel._form.into.value = panel._form.cluster.value
    panel._form.merge.click()
    assert "with itself" in panel.task.text
    panel._form.save.click()
    assert "no frame is selected" in panel.task.text


def test_a_name_is_given_once():
    probability = np.tile([1.0, 0, 0], (4, 1))
    frames = xr.DataArray(np.zeros((4, 2, 2)), dims=("pattern", "y", "x"))
    edits = Edits(clustering_result(frames, np.array([0, 0, 1, 1]), probability, {}, ClusteringOptions()))
    edits.rename(0, "ice")
    with pytest.raises(ValueError, match="another cluster is called 'ice'"):
        edits.rename(1, "ice")
    assert Edits(edits.result).names == {0: "ice", 1: "cluster 1"}


@pytest.mark.parametrize("name", ["Scores", "Composition", "Trains", "Confidence", "Labels"])
def test_figures_are_shown_below(panel, name):
    panel._form.below.value = "Code"
    assert not panel.view.shown
    panel._form.below.value = name
    assert panel.view.shown


def test_sliders_of_augmentations_show_copies_of_the_frame(panel):
    panel._form.below.value = "Augmentations"
    for name, value in {"rotation": 0.0, "shift": 0.0, "noise": 0.0, "brightness": 1.0, "masking": 0.0}.items():
        panel.strengths.fields[name].value = value
    panel.strengths.fields["thinning"].value = 1.0
    panel.wait()
    gallery = panel._form.preview
    tiles = np.frombuffer(gallery.tiles, dtype=np.uint8).reshape(-1, gallery.side, gallery.side)
    own = tiles[0]
    mirrored = [own, own[:, ::-1], own[::-1], own[::-1, ::-1]]
    assert all(any((tile == each).all() for each in mirrored) for tile in tiles[1:])
    panel.strengths.fields["masking"].value = 0.5
    panel.wait()
    tiles = np.frombuffer(gallery.tiles, dtype=np.uint8).reshape(-1, gallery.side, gallery.side)
    assert (tiles[1:] == MASKED).sum(axis=(1, 2)).max() > 1.3 * (own == MASKED).sum()
    assert "Nothing is learnt yet" in panel._form.cosine.value
    assert panel.options.masking == 0.5


@pytest.fixture(scope="module")
def small():
    """Frames of a quarter of the pixels, for what learns: how good it gets is not asked here."""
    return simulate_particles(ParticleOptions(n_patterns=80, size=64, pixel_size=1.2e-3), seed=1).frames.compute()


def test_learning_is_followed_paused_and_cancelled(small):
    before = FrameClusterer(epochs=0, side=64).fit(small).predict(small)
    panel = ClusteringPanel(small, before, epochs=500, side=64)
    seen = threading.Event()
    panel.task.button.click()
    while not panel._losses["loss"]:
        panel.task._thread.join(0.02)
    panel._form.pause.click()
    assert panel._form.pause.description == "Go on"
    while not panel.task.text.startswith("Paused"):
        panel.task._thread.join(0.02)
    made = len(panel._losses["loss"])
    seen.wait(0.5)
    assert len(panel._losses["loss"]) == made
    assert panel.view.shown
    panel.task.stop.click()
    panel.task.wait()
    assert panel.task.text == "Cancelled."
    np.testing.assert_array_equal(panel.result.hit, before.hit)
    panel.close()


def test_what_was_learnt_is_mapped_and_copies_are_near_the_frame(small):
    panel = ClusteringPanel(small, epochs=1, side=64)
    panel.fit(wait=True)
    assert panel._form.plane.value == "map"
    assert panel._form.map.axes == ["UMAP 1", "UMAP 2"]
    assert panel._losses["loss"]
    panel._form.below.value = "Augmentations"
    panel.wait()
    assert panel._form.preview.captions[1][0].startswith("cos ")
    assert "mean" in panel._form.cosine.value
    assert "epochs=1" in panel.code
    panel.close()


def test_the_code_shown_gives_the_same_result(panel):
    names = {"panel": panel}
    exec(panel.code, names)  # noqa: S102 - that it runs is what is tested
    np.testing.assert_array_equal(names["result"].hit, panel.result.hit)


@pytest.mark.parametrize("name", ["chosen.csv", "chosen.h5"])
def test_the_selection_is_saved_by_train_and_pulse_once(panel, frames, tmp_path, name):
    panel.selection = [2, 50, 199]
    panel._form.file.value = str(tmp_path / name)
    panel._form.save.click()
    table = read_pulses(tmp_path / name)
    np.testing.assert_array_equal(table["trainId"], frames.trainId[[2, 50, 199]])
    np.testing.assert_array_equal(table["pulseId"], frames.pulseId[[2, 50, 199]])
    panel._form.save.click()
    assert "exists already" in panel.task.text


def test_a_saved_result_opens_again_with_its_names(panel, frames, tmp_path):
    panel._form.name.value = "spheres"
    panel._form.rename.click()
    panel._form.file.value = str(tmp_path / "all")
    panel._form.keep.click()
    again = ClusteringPanel(frames, xr.load_dataset(tmp_path / "all.nc", engine="h5netcdf"))
    assert "spheres" in dict(again._form.cluster.options)
    np.testing.assert_array_equal(again.result.hit, panel.result.hit)
    again.close()


def test_a_report_gets_the_parameters_of_the_panel(example, tmp_path):
    path = example.write_hdf5(tmp_path / "small.h5")
    panel = ClusteringPanel(path, neighbours=11)
    assert panel._report_values() == {"path": str(path), "neighbours": 11}
    assert "panel" not in panel.code
    panel.close()


def test_frames_without_a_file_cannot_become_a_report(panel):
    panel.report.task.button.click()
    assert "path: these frames have no file" in panel.report.task.text


def test_wrong_input_is_refused_with_what_to_do(frames, sorted_by_physics):
    with pytest.raises(DataError, match="a result of 240 frames for 10"):
        ClusteringPanel(frames[:10], sorted_by_physics[1])
    with pytest.raises(DataError, match="one a frame"):
        ClusteringPanel(frames, labels=["single"])
    with pytest.raises(DataError, match="at least one pattern"):
        ClusteringPanel(frames[:0])


def test_a_selection_of_points_that_were_replaced_is_left_out():
    points = PointMap()
    points.show(np.zeros((16, 2)), ("x", "y"), np.zeros(16, dtype=np.uint8), ["#000000"])
    points._on_message(None, {"kind": "selection", "count": 1}, [b"\x80" * 5])
    assert not points.chosen.any()
    points._on_message(None, {"kind": "selection", "count": 2}, [b"\x80\x01"])
    assert np.flatnonzero(points.chosen).tolist() == [0, 15]
    points.close()


def test_a_picture_for_the_saved_notebook_follows(panel, monkeypatch):
    shown = []

    class Place:
        def update(self, data, **_options):
            shown.append(data)

    monkeypatch.setattr("pulsetrain.panels._picture.display", lambda *_args, **_options: Place())
    panel._picture.display()
    panel._follower.draw(panel._shown)
    panel.wait()
    assert base64.b64decode(shown[-1]["image/png"]).startswith(b"\x89PNG")
    assert "single" in shown[-1]["text/plain"]


def test_closing_leaves_no_widget_behind(frames):
    before = set(ipywidgets.widgets.widget._instances)
    panel = ClusteringPanel(frames)
    panel.measure()
    panel.close()
    assert set(ipywidgets.widgets.widget._instances) == before
