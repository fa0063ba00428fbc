"""What the jobs of a batch have in common, where they differ, and what each of them found."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulsetrain.reports._notebooks import read_notebook
from pulsetrain.reports.jobs import Job
from pulsetrain.reports.parameters import ParameterError, read_parameters
from pulsetrain.reports.status import Status

if TYPE_CHECKING:
    from pathlib import Path

    from pulsetrain.reports.batches import Batch

__all__ = ["WITHOUT_RESULT", "Comparison", "Row", "compared", "flat_metrics", "number", "parameters_of"]

_OWN = ("job", "state", "seconds", "message")  # columns that are there in any case
WITHOUT_RESULT = ("failed", "dead", "stopped")
_NOT_FINITE = ("nan", "inf", "-inf")  # as `metrics.json` holds them, which JSON has no numbers for


@dataclass(frozen=True)
class Row:
    """One job.

    Attributes
    ----------
    job : Job
    status : Status
    parameters : dict
        Those that vary over the batch.
    metrics : dict
        Nested ones flattened to dotted names.
    """

    job: Job
    status: Status
    parameters: dict[str, Any]
    metrics: dict[str, Any]

    @property
    def seconds(self) -> float | None:
        """How long the job ran; None unless it has begun and ended."""
        started, finished = self.status.started, self.status.finished
        return None if started is None or finished is None else max(0.0, finished - started)

    @property
    def message(self) -> str:
        """Why the job has no result; nothing of the others."""
        return self.status.message if self.status.state in WITHOUT_RESULT else ""


@dataclass(frozen=True)
class Comparison:
    """The jobs of a batch side by side.

    Attributes
    ----------
    rows : tuple of Row
        In the order of the batch.
    parameters, metrics : tuple of str
        Names of the columns: what differs between jobs, and what they measured.
    common : dict
        Parameters given, and the same in all jobs.
    units : dict of str to str
        Of parameters and metrics, where they have one.
    constant : dict
        All parameters that are the same in all jobs, the template's defaults too.
    at : float, seconds since the epoch
        When the jobs were looked at.
    """

    rows: tuple[Row, ...]
    parameters: tuple[str, ...]
    metrics: tuple[str, ...]
    common: dict[str, Any]
    units: dict[str, str]
    constant: dict[str, Any]
    at: float

    def numeric(self, name: str) -> bool:
        """Return whether a metric is a number wherever it is there at all, and somewhere a finite one."""
        found = [number(row.metrics[name]) for row in self.rows if name in row.metrics]
        return None not in found and any(math.isfinite(value) for value in found if value is not None)


def compared(batch: Batch) -> Comparison:
    """Read the jobs of a batch."""
    at = time.time()
    jobs, statuses = batch.jobs(), batch.statuses()
    records = [job.record for job in jobs]
    given = [_columns({**_mapping(record, "parameters"), **_mapping(record, "varied")}) for record in records]
    whole = [{**_columns(_mapping(record, "defaults")), **each} for record, each in zip(records, given, strict=True)]
    names = _names(given)
    stated = [name for name in map(_column, _texts(batch.record.get("varied"))) if name in names]
    varied = [name for name in (*stated, *(n for n in names if n not in stated)) if _differs(whole, name)]

    units = _columns(_parameter_units(batch.folder / "template.ipynb"))
    rows = []
    for job, status, values in zip(jobs, statuses, whole, strict=True):
        metrics, stated_units = flat_metrics(job.metrics, taken=(*names, *_OWN))
        units.update(stated_units)
        rows.append(Row(job, status, {name: values[name] for name in varied if name in values}, metrics))
    common = {name: given[0][name] for name in names if name not in varied and name in given[0]}
    constant = common | {name: whole[0][name] for name in _names(whole) if not _differs(whole, name)}
    columns = tuple(_names(row.metrics for row in rows))
    return Comparison(tuple(rows), tuple(varied), columns, common, units, constant, at)


def parameters_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parameters of a job: those given over the template's defaults."""
    return {**_mapping(record, "defaults"), **_mapping(record, "parameters"), **_mapping(record, "varied")}


def flat_metrics(metrics: Mapping[str, Any], taken: Iterable[str] = ()) -> tuple[dict[str, Any], dict[str, str]]:
    """Flatten nested metrics to dotted names, and return the units of those that carry one.

    A metric of a name that is taken, such as that of a parameter, is called ``metrics.NAME``.

    Examples
    --------
    >>> flat_metrics({"rate": 0.4, "fit": {"clen": {"value": 0.12, "unit": "m"}, "n": 3}})
    ({'rate': 0.4, 'fit.clen': 0.12, 'fit.n': 3}, {'fit.clen': 'm'})
    """
    values: dict[str, Any] = {}
    units: dict[str, str] = {}
    for found, value in _flat({name: each for name, each in metrics.items() if name != "provenance"}, ""):
        name = found
        while name in taken or name in values:
            name = f"metrics.{name}"
        match value:
            case {"value": inner, "unit": str(unit)}:
                values[name], units[name] = inner, unit
            case _:
                values[name] = value
    return values, units


def number(value: Any) -> float | None:
    """Return a value as a number, NaN and the infinities too; None where it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)) or value in _NOT_FINITE:
        try:
            return float(value)
        except OverflowError:
            return None
    return None


def _column(parameter: str) -> str:
    return f"parameters.{parameter}" if parameter in _OWN else parameter


def _columns(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {_column(name): value for name, value in parameters.items()}


def _flat(values: Mapping[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        whole = f"{before}{name}"
        if isinstance(value, Mapping) and value and set(value) != {"value", "unit"}:
            yield from _flat(value, f"{whole}.")
        else:
            yield whole, value


def _parameter_units(template: Path) -> dict[str, str]:
    try:
        model = read_parameters(read_notebook(template))  # a link in a colleague's folder is not followed
    except (OSError, ParameterError, ValueError):  # the jobs' numbers stand without it
        return {}
    return {name: unit for name in model.model_fields if (unit := model.unit(name))}


def _differs(values: Sequence[Mapping[str, Any]], name: str) -> bool:
    return len({json.dumps(each[name], sort_keys=True) if name in each else "" for each in values}) > 1


def _names(values: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for each in values for name in each))


def _mapping(record: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = record.get(name)
    return dict(value) if isinstance(value, Mapping) else {}


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
