"""Hand the metrics of jobs over to a DAMNIT database, where the group sees them beside what it keeps of each run.

DAMNIT [1]_ (BSD) is not among the dependencies: `submit_metrics` asks for it where it is called. Its table has one row
per run, so that each job must belong to a run, and one job speaks for a run.

References
----------
.. [1] European XFEL, DAMNIT, https://damnit.readthedocs.io
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from pulsetrain.options import OptionError
from pulsetrain.reports.batches import Batch
from pulsetrain.reports.jobs import Job, JobError

__all__ = ["HandedOver", "plan_hand_over", "submit_metrics"]

_FOLDER = Path("usr/Shared/amore")  # of a proposal, where DAMNIT lies by default
_PROPOSAL = re.compile(r"(?:^|/)p(\d{4,8})(?:/|$)")
_RUN = re.compile(r"(?:^|/)r(\d{1,6})(?:/|$)")


@dataclass(frozen=True)
class HandedOver:
    """What one job says of a run.

    Attributes
    ----------
    job : Job
        Which is done.
    proposal, run : int
        The row of the table.
    variables : dict of str
        Numbers, texts and arrays of numbers by the name of their column.
    provenance : str
        By which DAMNIT tells where they come from.
    units : dict of str to str
        Of those variables that have one.
    """

    job: Job
    proposal: int
    run: int
    variables: dict[str, Any]
    provenance: str
    units: dict[str, str] = field(default_factory=dict)


def submit_metrics(
    source: Job | Batch | Sequence[Job],
    *,
    proposal: int | None = None,
    run: int | None = None,
    damnit_dir: str | Path | None = None,
    prefix: str | None = None,
) -> list[HandedOver]:
    """Add the metrics of jobs to a DAMNIT database.

    Parameters
    ----------
    source
        A job, jobs, or a batch, of which the jobs that are not done are passed over.
    proposal, run
        The row. By default what the jobs' parameters ``proposal`` and ``run`` say, or else a path among them such as
        ``…/p002345/raw/r0012``; the proposal also by the database itself.
    damnit_dir
        Folder of the database (with ``runs.sqlite``); by default that of the proposal.
    prefix
        Of the columns' names; the template's name by default, so that ``f1`` of ``spectra`` becomes ``spectra_f1``.

    Returns
    -------
    list of HandedOver
        In the order of the jobs. DAMNIT shows the values once its combiner has taken them, mostly within seconds.

    Raises
    ------
    ImportError
        If DAMNIT is not installed in this Python.
    JobError
        If there is no job that is done and has metrics, or two of them would speak for one run.
    OptionError
        If it cannot be told to which proposal or run a job belongs, or no database is there.
    OSError
        If DAMNIT's message broker does not answer; the values then wait in the folder for its combiner.
    """
    try:
        damnit = import_module("damnit")
    except ImportError as error:
        raise ImportError(
            "DAMNIT is not installed in this Python; at European XFEL load its module, elsewhere "
            "pip install 'damnit[backend]'"
        ) from error

    folder = None if damnit_dir is None else Path(damnit_dir).expanduser().resolve()
    if folder is not None and not (folder / "runs.sqlite").is_file():
        raise OptionError(f"damnit_dir: got {str(folder)!r}, which holds no runs.sqlite; make one with DAMNIT first")
    if folder is not None and proposal is None:
        proposal = int(damnit.Damnit(folder).proposal)
    planned = plan_hand_over(source, proposal=proposal, run=run, prefix=prefix)
    for item in planned:
        try:
            damnit.submit(item.proposal, item.run, _cells(item), provenance=item.provenance, damnit_dir=folder)
        except FileNotFoundError as error:  # what it raises for a proposal that is not mounted here
            raise OptionError(f"proposal: got {item.proposal}; {error}. State damnit_dir") from None
        except Exception as error:
            if not type(error).__module__.startswith("kafka."):
                raise
            raise OSError(
                f"DAMNIT's broker does not answer ({error!r}); the values of run {item.run} lie in "
                f"{(folder or _FOLDER) / 'extracted_data'} until its combiner takes them "
                "(damnit combiner now FOLDER, where none is at work)"
            ) from error
    return planned


def plan_hand_over(
    source: Job | Batch | Sequence[Job],
    *,
    proposal: int | None = None,
    run: int | None = None,
    prefix: str | None = None,
) -> list[HandedOver]:
    """Return what `submit_metrics` would hand over; neither DAMNIT nor a proposal's folder is needed for that."""
    jobs = [source] if isinstance(source, Job) else source.jobs() if isinstance(source, Batch) else list(source)
    done = [job for job in jobs if job.status.state == "done" and _variables(job, "")[0]]
    if not done:
        states = ", ".join(f"{job.id} is {job.status.state}" for job in jobs[:3])
        raise JobError(f"no job is done and has metrics ({states or 'there are none'})")
    planned = []
    for job in done:
        variables, units = _variables(job, _template(job) if prefix is None else prefix)
        planned.append(
            HandedOver(
                job=job,
                proposal=_place(job, "proposal", _PROPOSAL) if proposal is None else proposal,
                run=_place(job, "run", _RUN) if run is None else run,
                variables=variables,
                provenance=f"pulsetrain {job.id}",
                units=units,
            )
        )
    spoken: dict[tuple[int, int], Job] = {}
    for item in planned:
        other = spoken.setdefault((item.proposal, item.run), item.job)
        if other is not item.job:
            raise JobError(
                f"{other.id} and {item.job.id} both belong to run {item.run}; hand over the one that shall speak for "
                "it, or each under a prefix of its own"
            )
    return planned


def _cells(item: HandedOver) -> dict[str, Any]:
    """Return the variables as DAMNIT takes them; only its own class holds a unit."""
    if not item.units:
        return item.variables
    cell = import_module("damnit.context").Cell
    return {
        name: cell(value, units=item.units[name]) if name in item.units else value
        for name, value in item.variables.items()
    }


def _template(job: Job) -> str:
    template = job.record.get("template")
    name = template.get("name") if isinstance(template, Mapping) else None
    return str(name or "pulsetrain")


def _variables(job: Job, prefix: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the metrics that a table can hold and their units, by names that are identifiers as DAMNIT wants them."""
    metrics = {name: value for name, value in job.metrics.items() if name != "provenance"}
    found: dict[str, Any] = {}
    units: dict[str, str] = {}
    for name, value, unit in _flat(metrics, [prefix] if prefix else []):
        words = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower()
        column = words if words[:1].isalpha() else f"m_{words}"
        found[column] = value
        if unit:
            units[column] = unit
    return found, units


def _flat(content: Mapping[str, Any], above: list[str]) -> Iterator[tuple[str, Any, str]]:
    """Yield numbers, texts and lists of numbers; what is no such thing, as a list of texts, has no column."""
    for name, given in content.items():
        stored, unit = given, ""
        match given:
            case {"value": inner, "unit": str(text), **others} if not others:
                stored, unit = inner, text
        value = [_number(item) for item in stored] if isinstance(stored, list) else _number(stored)
        if isinstance(value, Mapping):
            yield from _flat(value, [*above, str(name)])
        elif isinstance(value, (bool, int, float, str)) or _is_row(value):
            yield "_".join([*above, str(name)]), value, unit


def _number(value: Any) -> Any:
    """Return a number that JSON holds as text, as it knows none that is not finite."""
    return float(value) if value in ("nan", "inf", "-inf") else value


def _is_row(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, (bool, int, float)) for item in value)


def _place(job: Job, name: str, pattern: re.Pattern[str]) -> int:
    """Return the proposal or run that a job's parameters name, by a number or in a path."""
    parts = [job.record.get(part) for part in ("varied", "parameters", "defaults")]
    values = [value for part in parts if isinstance(part, Mapping) for value in [part.get(name)]]
    for value in values:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    texts = [str(value) for part in parts if isinstance(part, Mapping) for value in part.values()]
    found = {int(match.group(1)) for text in texts for match in pattern.finditer(text)}
    if len(found) == 1:
        return found.pop()
    told = f"its parameters name several: {sorted(found)}" if found else "no parameter names one"
    raise OptionError(f"{name}: cannot tell that of {job.id}, {told}; state it")
