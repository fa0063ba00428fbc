"""What is changed by hand in a result: names of clusters, frames moved between them; all of it can be undone."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.clustering.results import HITS
from pulsetrain.figures.clustering import hits_of

__all__ = ["Edits"]


@dataclass(frozen=True)
class _Step:
    """What a change has replaced."""

    words: str
    rows: NDArray[np.int64]
    cluster: NDArray[np.int32]
    hit: NDArray[np.int64]
    by_hand: NDArray[np.bool_]
    names: dict[int, str]


class Edits:
    """A result with what a user has changed in it.

    Parameters
    ----------
    result : xarray.Dataset
        As `pulsetrain.clustering.FrameClusterer.predict` returns it; stays as it is.
    names : dict of int to str, optional
        Of the clusters.

    Attributes
    ----------
    cluster : numpy.ndarray, shape (pattern,), int32
    kinds : numpy.ndarray, shape (pattern,), int
        Positions in `pulsetrain.clustering.results.HITS`; −1 not assigned yet.
    names : dict of int to str
    """

    def __init__(self, result: xr.Dataset, names: dict[int, str] | None = None) -> None:
        self._found = result
        kept = json.loads(result.attrs.get("cluster_names", "{}"))
        self.cluster: NDArray[np.int32] = result["cluster"].to_numpy().astype(np.int32)
        self.kinds = hits_of(result)
        self._by_hand = np.zeros(len(self.cluster), dtype=bool)
        self.names: dict[int, str] = {**{int(k): str(v) for k, v in kept.items()}, **(names or {})}
        for number in self.clusters:
            self.names.setdefault(number, f"cluster {number}")
        self._steps: list[_Step] = []
        self._result: xr.Dataset | None = None

    @property
    def clusters(self) -> list[int]:
        """Numbers of the clusters that have frames."""
        return [int(number) for number in np.unique(self.cluster[self.cluster >= 0])]

    @property
    def last(self) -> str:
        """What `undo` would take back; empty if nothing."""
        return self._steps[-1].words if self._steps else ""

    @property
    def result(self) -> xr.Dataset:
        """The result as changed, with ``by_hand`` (pattern,) and the names of the clusters in its attributes."""
        if self._result is None:  # a million names take their time
            self._result = self._changed()
        return self._result

    def _changed(self) -> xr.Dataset:
        names = np.array([*HITS, ""])
        changed = self._found.assign(
            cluster=("pattern", self.cluster.copy()),
            hit=("pattern", names[self.kinds]),
            by_hand=("pattern", self._by_hand.copy()),
        )
        kept = {str(number): self.names[number] for number in self.clusters}
        return changed.assign_attrs(cluster_names=json.dumps(kept))

    def rename(self, cluster: int, name: str) -> None:
        """Give a cluster a name.

        Raises
        ------
        ValueError
            Without a name, or for one that another cluster has.
        """
        if not name.strip():
            raise ValueError("name: none given; write one, such as 'rods'")
        if name.strip() in {other for number, other in self.names.items() if number != cluster}:
            raise ValueError(f"name: another cluster is called {name.strip()!r}; choose another name, or merge the two")
        self._keep(f"name of {self.names[cluster]}", np.empty(0, dtype=np.int64))
        self.names = {**self.names, cluster: name.strip()}

    def merge(self, cluster: int, into: int) -> None:
        """Let all frames of a cluster be of another.

        Raises
        ------
        ValueError
            If the two are the same.
        """
        if cluster == into:
            raise ValueError(f"merge: {self.names[cluster]} with itself; choose another cluster")
        rows = np.flatnonzero(self.cluster == cluster)
        self._keep(f"merging {self.names[cluster]} into {self.names[into]}", rows)
        self.cluster[rows] = into
        self._by_hand[rows] = True

    def split(self, chosen: NDArray[np.bool_], name: str = "") -> int:
        """Make a new cluster of some frames; return its number.

        Raises
        ------
        ValueError
            Without a frame.
        """
        rows = self._some(chosen)
        number = max([*self.names, -1]) + 1
        self._keep(f"new cluster of {len(rows):,} frames", rows)
        self.cluster[rows] = number
        self._by_hand[rows] = True
        self.names = {**self.names, number: name.strip() or f"cluster {number}"}
        return number

    def move(self, chosen: NDArray[np.bool_], into: int) -> None:
        """Move frames into a cluster; they are taken for the kind that most of its frames are of.

        Raises
        ------
        ValueError
            Without a frame.
        """
        rows = self._some(chosen)
        self._keep(f"moving {len(rows):,} frames to {self.names[into]}", rows)
        kinds = self.kinds[(self.cluster == into) & (self.kinds >= 0)]
        self.cluster[rows] = into
        if len(kinds):
            self.kinds[rows] = int(np.bincount(kinds).argmax())
        self._by_hand[rows] = True

    def call(self, chosen: NDArray[np.bool_], hit: str) -> None:
        """Say of some frames what they show.

        Parameters
        ----------
        chosen : bool, shape (pattern,)
        hit : {"none", "single", "multiple", "unsure"}

        Raises
        ------
        ValueError
            Without a frame.
        """
        rows = self._some(chosen)
        self._keep(f"calling {len(rows):,} frames {hit}", rows)
        self.kinds[rows] = HITS.index(hit)
        self._by_hand[rows] = True

    def judge(self, threshold: float) -> None:
        """Call frames unsure whose confidence is below a threshold; what was said by hand stays."""
        probability = self._found["probability"].to_numpy()
        sure = probability.max(axis=1) >= threshold
        found = np.where(sure, probability.argmax(axis=1), HITS.index("unsure"))
        self.kinds = np.where(self._by_hand | (self.kinds < 0), self.kinds, found)
        self._result = None

    def undo(self) -> str:
        """Take the last change back; return what it was, empty if there is none."""
        if not self._steps:
            return ""
        step = self._steps.pop()
        self.cluster[step.rows], self.kinds[step.rows] = step.cluster, step.hit
        self._by_hand[step.rows] = step.by_hand
        self.names, self._result = step.names, None
        return step.words

    def _some(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        rows = np.flatnonzero(chosen)
        if not len(rows):
            raise ValueError("no frame is selected; draw a lasso on the map, or select a cluster")
        return rows

    def _keep(self, words: str, rows: NDArray[np.int64]) -> None:
        step = _Step(words, rows, self.cluster[rows], self.kinds[rows], self._by_hand[rows], self.names)
        self._steps.append(step)
        self._result = None
