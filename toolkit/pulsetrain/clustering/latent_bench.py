"""``pulsetrain bench clustering independence | added | transfer``: what the latent space knows and adds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from sklearn.metrics import normalized_mutual_info_score
from sklearn.mixture import GaussianMixture

from pulsetrain.clustering.augment import augment
from pulsetrain.clustering.clusterer import FrameClusterer
from pulsetrain.clustering.judging import judge
from pulsetrain.clustering.neighbours import nearest
from pulsetrain.clustering.options import Augmentations
from pulsetrain.clustering.results import KINDS
from pulsetrain.progress import show_in_terminal
from pulsetrain.simulate.particles import ParticleExperiment, ParticleOptions, simulate_particles
from pulsetrain.simulate.particles_families import DEVELOPMENT, HELD_OUT, THIRD_SPECIES

__all__ = ["added", "independence", "transfer"]

_NEIGHBOURS = 20
_OWN = 0.9  # of a cluster's frames, to be a group's own
_CONDITIONS = (  # what is of the experiment, and not of its particles
    *("photon_energy", "distance", "pixel_size", "focus", "profile", "background", "background_jitter", "halo"),
    *("halo_width", "read_noise", "hole", "module_rows", "module_columns", "gap", "bad_pixels", "gain_spread"),
    *("beam_x", "beam_y", "beam_jitter"),
)
_PAIRS = {"development": DEVELOPMENT[:2], "held out": (HELD_OUT[0], HELD_OUT[3])}
_NOTHING = {"thinning": 1.0, "noise": 0.0, "rotation": 0.0, "shift": 0.0, "brightness": 1.0, "masking": 0.0}


@click.command()
@click.option("--pair", type=click.Choice(tuple(_PAIRS)), default="development", show_default=True)
@click.option("--frames", default=1500, show_default=True, help="To learn from, of each of the two experiments.")
@click.option("--others", default=500, show_default=True, help="To judge by, of each; not learnt from.")
@click.option("--epochs", default=8, show_default=True)
@click.option("--seed", default=1, show_default=True, help="Of training and simulation.")
@click.option("--csv", type=click.Path(path_type=Path), help="Write the cosines' table there too.")
def independence(*, pair: str, frames: int, others: int, epochs: int, seed: int, csv: Path | None) -> None:
    """Measure whether the latent space knows a frame's augmentation or its experiment: the same particles in two."""
    experiments = _same_particles(pair, frames + others, seed)
    learnt, unseen = slice(None, frames), slice(frames, None)
    clusterer = FrameClusterer(epochs=epochs, sample=2 * frames, seed=seed, device="cpu")
    begun = time.process_time()
    clusterer.fit([each.frames[learnt] for each in experiments], show_in_terminal)
    click.echo(f"{pair}: learnt from 2 × {frames} frames in {time.process_time() - begun:.0f} CPU s; judged by others")
    blocks = [clusterer.scorer.block(each.frames[unseen]) for each in experiments]
    whole = [clusterer.assign(block, number) for number, block in enumerate(blocks)]
    truth = np.concatenate([each.truth["hit"].to_numpy()[unseen] for each in experiments])
    latent = np.concatenate([part["latent"] for part in whole])
    rows = {
        name: _cosines(latent, np.concatenate([clusterer.assign(b, k)["latent"] for k, b in enumerate(copies)]), truth)
        for name, copies in _augmented(blocks, seed)
    }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("augmentation")
    click.echo("cosine of a frame and its augmented self, and of another frame's augmented self")
    click.echo(table.to_string(float_format="{:.3f}".format))
    of = np.repeat([0, 1], [len(block) for block in blocks])
    agrees = (of[nearest(latent, _NEIGHBOURS)] == of[:, None]).mean(axis=1)
    kinds = "  ".join(f"{kind} {agrees[truth == kind].mean():.3f}" for kind in KINDS)
    cluster = np.concatenate([part["cluster"] for part in whole])
    chance = float(np.mean([(of == k).sum() - 1 for k in of]) / (len(of) - 1))
    click.echo(f"{_NEIGHBOURS}-NN of the frame's own experiment: {agrees.mean():.3f}, chance {chance:.3f}  ({kinds})")
    click.echo(f"NMI(cluster, experiment): {normalized_mutual_info_score(of, cluster):.4f}")
    near = truth[nearest(latent, _NEIGHBOURS)] == truth[:, None]
    click.echo(f"{_NEIGHBOURS}-NN of the frame's own kind: {near.mean():.3f}")
    if csv:
        table.to_csv(csv)


@click.command()
@click.option("--experiment", "number", type=click.IntRange(0, len(THIRD_SPECIES) - 1), help="By default all.")
@click.option("--frames", default=3000, show_default=True, help="Of each experiment.")
@click.option("--epochs", default=8, show_default=True)
@click.option("--seed", default=1, show_default=True, help="Of training and simulation.")
@click.option("--csv", type=click.Path(path_type=Path), help="Write the table there too.")
def added(*, number: int | None, frames: int, epochs: int, seed: int, csv: Path | None) -> None:
    """Look for a third species, streaks and ice among the clusters of the latent space and among those of physics.

    Beside the learnt clusters stand the kinds of physics and a Gaussian mixture of as many clusters on all its scores.
    """
    rows = []
    for planned in THIRD_SPECIES if number is None else THIRD_SPECIES[number : number + 1]:
        experiment = planned.simulate(frames, repeat=seed)
        clusterer = FrameClusterer(epochs=epochs, sample=frames, seed=seed, device="cpu")
        result = clusterer.fit(experiment.frames, show_in_terminal).predict(experiment.frames)
        scores = [name for name in result.data_vars if name in clusterer.clusters and name != "probability"]
        values = np.column_stack([_stretched(result[name].to_numpy()) for name in scores])
        n = clusterer.clusters.sizes["cluster"]
        mixture = GaussianMixture(n, covariance_type="full", reg_covar=1e-3, n_init=3, random_state=seed)
        methods = {
            "latent": result["cluster"].to_numpy(),
            "physics kinds": result["probability"].to_numpy().argmax(axis=1),
            "physics mixture": mixture.fit_predict(values),
        }
        for group, members in _groups(experiment.truth).items():
            for method, cluster in methods.items():
                found = {"experiment": planned.name, "group": group, "frames": int(members.sum()), "method": method}
                rows.append({**found, "clusters": len(np.unique(cluster)), **_best(cluster, members)})
    table = pd.DataFrame(rows)
    click.echo("the cluster that fits each group best: purity, recall and F1; and the share of the group that is in")
    click.echo(f"clusters of its own, {_OWN:.0%} of whose frames are of it")
    click.echo(table.to_string(index=False, float_format="{:.3f}".format))
    if csv:
        table.to_csv(csv, index=False)


@click.command()
@click.option("--held-out", is_flag=True, help="On the experiments for final figures, not those of development.")
@click.option("--frames", default=3000, show_default=True, help="Of each experiment.")
@click.option("--epochs", default=8, show_default=True)
@click.option("--seed", default=1, show_default=True, help="Of training and simulation.")
@click.option("--csv", type=click.Path(path_type=Path), help="Write the table there too.")
def transfer(*, held_out: bool, frames: int, epochs: int, seed: int, csv: Path | None) -> None:
    """Learn from one experiment and sort the next, refitted without labels: single hits' precision, recall and F1."""
    planned = HELD_OUT if held_out else DEVELOPMENT
    rows = []
    for k, learnt in enumerate(planned):
        unseen = planned[(k + 1) % len(planned)]
        clusterer = FrameClusterer(epochs=epochs, sample=frames, seed=seed, device="cpu")
        clusterer.fit(learnt.simulate(frames, repeat=seed).frames, show_in_terminal)
        experiment = unseen.simulate(frames, repeat=seed)
        hit = clusterer.refit(experiment.frames).predict(experiment.frames)["hit"].to_numpy()
        rows.append({"learnt": learnt.name, "unseen": unseen.name, **judge(hit, experiment.truth["hit"].to_numpy())})
    table = pd.DataFrame(rows)
    click.echo(table.to_string(index=False, float_format="{:.3f}".format))
    click.echo(f"F1 of single hits: mean {table['f1'].mean():.3f}, worst {table['f1'].min():.3f}")
    if csv:
        table.to_csv(csv, index=False)


def _same_particles(pair: str, frames: int, seed: int) -> list[ParticleExperiment]:
    """Simulate the first experiment's particles in both experiments' conditions."""
    first, second = (planned.options for planned in _PAIRS[pair])
    conditions = {name: getattr(second, name) for name in _CONDITIONS}
    both: list[ParticleOptions] = [first, first.replace(**conditions)]
    return [simulate_particles(o.replace(n_patterns=frames), seed=1000 * seed + k) for k, o in enumerate(both)]


def _augmented(blocks: list[NDArray[np.float32]], seed: int) -> Iterator[tuple[str, list[NDArray[np.float32]]]]:
    usual = Augmentations()
    changes = {name: {**_NOTHING, name: getattr(usual, name)} for name in _NOTHING}
    for name, options in {"all": dict(usual), **changes}.items():
        rng = np.random.default_rng(seed)
        yield name, [augment(block, Augmentations(**options), rng) for block in blocks]


def _cosines(latent: NDArray[np.float32], copies: NDArray[np.float32], truth: NDArray[np.str_]) -> Mapping[str, float]:
    own = (latent * copies).sum(axis=1)
    other = np.concatenate([(latent * np.roll(copies, shift, axis=0)).sum(axis=1) for shift in (7, 77, 177)])
    kinds = {kind: float(own[truth == kind].mean()) for kind in KINDS}
    quantiles = {"median": float(np.median(own)), "5 %": float(np.quantile(own, 0.05))}
    others = {f"others {q:.0%}": float(np.quantile(other, q)) for q in (0.05, 0.5, 0.95)}
    return {"mean": float(own.mean()), **quantiles, **kinds, "others mean": float(other.mean()), **others}


def _groups(truth: xr.Dataset) -> dict[str, NDArray[np.bool_]]:
    """Return what the kinds do not tell apart: the rarer species' single hits, and each artefact."""
    single = (truth["hit"] == "single").to_numpy()
    species = truth["species"].to_numpy()
    other = np.unique(species[single], return_counts=True)
    groups = {"third species": single & (species == other[0][other[1].argmin()])}
    artefact = truth["artefact"].to_numpy()
    return groups | {name: artefact == name for name in ("streak", "ice") if (artefact == name).any()}


def _best(cluster: NDArray[np.integer], members: NDArray[np.bool_]) -> dict[str, float]:
    best, own = {"purity": 0.0, "recall": 0.0, "F1": 0.0}, 0.0
    for number in np.unique(cluster):
        of = cluster == number
        both = float((of & members).sum())
        purity, recall = both / of.sum(), both / max(1, members.sum())
        f1 = 2 * both / (of.sum() + members.sum())
        if f1 > best["F1"]:
            best = {"purity": purity, "recall": recall, "F1": f1}
        own += recall if purity >= _OWN else 0.0
    return {**best, "in own clusters": own}


def _stretched(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return a score on a scale on which its bulk and its tail both show."""
    middle = np.arcsinh(values)
    return np.asarray((middle - middle.mean()) / max(middle.std(), 1e-9))
