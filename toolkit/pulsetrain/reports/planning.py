"""What a batch will be: a list of runs × a grid of parameters, every job's values validated, and nothing written."""

from __future__ import annotations

import difflib
import itertools
import math
import re
import shlex
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import create_model

from pulsetrain.options import OptionError, Options
from pulsetrain.reports._local import Local
from pulsetrain.reports._prepared import Prepared, short_name, stamp
from pulsetrain.reports._templates import Template
from pulsetrain.reports._values import DEEPEST, literal
from pulsetrain.reports.executors import Executor
from pulsetrain.reports.source import values_cell

if TYPE_CHECKING:
    from pulsetrain.reports.batches import Batch

__all__ = ["Plan", "parse_runs", "parse_values", "plan_batch", "typed_values"]

RUN = "run"
LARGEST = 100_000  # jobs; a grid that comes to more was not meant
_PLACE = re.compile(r"\{run(?::0(\d{1,2})d?)?\}")
_LIKE_PLACE = re.compile(r"\{\w{0,9}(?::[^{}]{0,9})?\}")
_SPAN = re.compile(r"([0-9]{1,99})(?:(?:-|\u2013|\.\.)([0-9]{1,99}))?")
_STEPS = re.compile(r"\s*([^:\s]+)\s*:\s*([^:\s]+)\s*:\s*([^:\s]+)\s*")


@dataclass(frozen=True)
class Plan:
    """A batch before it is submitted.

    Attributes
    ----------
    rows : tuple of dict
        Values of each job, as its template takes them.
    varied : tuple of str
        Parameters in which the jobs differ.
    runs : str
        The list of runs as it was given.
    grid : dict
        Values by parameter that was to be varied.
    values : dict
        Values that were given for all jobs.
    root : Path
        Folder of jobs.
    """

    prepared: Prepared
    rows: tuple[dict[str, Any], ...]
    varied: tuple[str, ...]
    runs: str
    grid: dict[str, list[Any]]
    values: dict[str, Any]
    root: Path

    @property
    def executor(self) -> Executor:
        """Where the jobs will run."""
        return self.prepared.executor

    @property
    def folder(self) -> Path:
        """Where the batch will lie; the dots stand for what makes its name its own."""
        return self.root / f"{stamp(time.time())}-{short_name(self.prepared.template.name)}-…"

    def cell(self, number: int) -> str:
        """Return the cell that will be injected into a job, counted from 0."""
        return values_cell(self.rows[number])

    def script(self) -> str:
        """Return what the executor will be handed."""
        return self.executor.script(len(self.rows), self.folder)

    def command(self) -> str:
        """Return the shell command that submits the same batch again."""
        model = self.prepared.model
        words = ["pulsetrain", "batch", "run", str(self.prepared.template.path)]
        for name, value in self.values.items():
            words += ["-p", f"{name}={_typed(model, name, value)}"]
        words += ["--runs", self.runs] * bool(self.runs)
        for name, choices in self.grid.items():
            words += ["--vary", f"{name}={literal(list(choices))}"]
        words += ["--kernel", self.prepared.kernel] if self.prepared.kernel else []
        words += ["--executor", self.executor.name]
        for name, value in self.executor.options.model_dump(exclude_unset=True).items():
            words += ["--option", f"{name}={_typed(type(self.executor.options), name, value)}"]
        return f"cd {shlex.quote(str(self.prepared.cwd))} && {shlex.join([*words, '-o', str(self.root)])}"

    def submit(self) -> Batch:
        """Write the batch and queue its jobs.

        Raises
        ------
        OptionError
            If the queue would not take them.
        """
        from pulsetrain.reports.batches import submit_plan

        return submit_plan(self)


def plan_batch(
    template: Template | str | Path,
    values: Mapping[str, Any] | None = None,
    *,
    runs: str | Iterable[int] = "",
    grid: Mapping[str, Sequence[Any]] | None = None,
    root: str | Path,
    executor: Executor | None = None,
    kernel: str | None = None,
    cwd: str | Path | None = None,
) -> Plan:
    """Plan one job for each run and each combination of a grid's values.

    A run goes into the template's parameter ``run`` if it has one, and into the places ``{run}`` or ``{run:04d}`` of
    the texts among the values, as in ``/gpfs/…/raw/r{run:04d}``. Nothing else in a text is ever replaced.

    Parameters
    ----------
    template, root, kernel, cwd
        As of `submit`.
    values
        Parameters that all jobs share.
    runs
        Such as ``"10-25,31"``.
    grid
        Values by name of the parameter that is varied; the last one varies fastest.
    executor
        Where the jobs run; this machine by default.

    Returns
    -------
    Plan
        Nothing has been written; `Plan.submit` does that.

    Raises
    ------
    OptionError
        One line per fault, naming the parameter, and the job where it is one's alone.
    """
    prepared = Prepared(template, kernel=kernel, executor=executor or Local(), cwd=cwd)
    shared, axes = dict(values or {}), {name: _choices(name, choices) for name, choices in (grid or {}).items()}
    numbers = parse_runs(runs)
    _check(prepared.model, shared, axes, numbers)
    choices: list[list[Any]] = [numbers or [None], *axes.values()]
    rows = tuple(
        _row(prepared, {**_at_run(prepared.model, {**shared, **dict(zip(axes, rest, strict=True))}, run)}, number)
        for number, (run, *rest) in enumerate(itertools.product(*choices), start=1)
    )
    stated = runs.strip() if isinstance(runs, str) else ",".join(map(str, numbers))
    names = list(dict.fromkeys(name for row in rows for name in row))
    varied = tuple(name for name in names if any(_differs(row, rows[0], name) for row in rows))
    return Plan(prepared, rows, varied, stated, axes, shared, Path(root).expanduser().resolve())


def parse_runs(runs: str | Iterable[int]) -> list[int]:
    """Read a list of runs such as ``"10-25,31"``; each is taken once, in the order given.

    Raises
    ------
    OptionError
        If a part is no number and no span.
    """
    if not isinstance(runs, str):
        try:
            return list(dict.fromkeys(index(run) for run in runs))
        except TypeError:  # 12.5 is not run 12
            raise OptionError("runs: got a value that is no whole number, allowed numbers such as 10, 11, 31") from None
    found: dict[int, None] = {}
    for part in filter(None, (part.strip() for part in re.split(r"[,;\s]+(?![-\u2013])", _closed(runs)))):
        match = _SPAN.fullmatch(part)
        if match is None:
            raise OptionError(f"runs: got {part!r}, allowed numbers and spans such as 10-25,31")
        first, last = int(match.group(1)), int(match.group(2) or match.group(1))
        if last < first:
            raise OptionError(f"runs: got {part!r}, which ends before it begins")
        if len(found) + last - first >= LARGEST:
            raise OptionError(f"runs: got {part!r}; a batch has at most {LARGEST} jobs")
        found |= dict.fromkeys(range(first, last + 1))
    return list(found)


def parse_values(model: type[Options], name: str, text: str) -> list[Any]:
    """Read the values that a parameter is to take, as they are typed.

    Either a list as Python or JSON write it, or values with commas between them, or, for a number, ``first:last:step``
    with both ends counted.
    """
    stripped = text.strip()
    _known(model, name)
    if stripped.startswith("[") and stripped.endswith("]"):
        read = _Lists.from_text({"values": stripped}).values
    elif (match := _STEPS.fullmatch(stripped)) and {int, float} & set(model.kinds(name)):
        read = _steps(name, *match.groups(), whole=float not in model.kinds(name))
    elif stripped[:1] in ('"', "'", "["):
        raise OptionError(f'{name}: got {text!r}; write texts with commas as a list, such as ["a, b", "c"]')
    else:
        read = [getattr(_one(model, name, part.strip()), name) for part in stripped.split(",") if part.strip()]
    if not read:
        raise OptionError(f"{name}: got {text!r}; give the values to take, such as 4, 5, 6")
    return read


def typed_values(model: type[Options], texts: Mapping[str, str]) -> dict[str, Any]:
    """Read single values as they are typed; parameters that are required may come from elsewhere."""
    faults, values = [], {}
    for name, text in texts.items():
        try:
            _known(model, name)
            values[name] = getattr(_one(model, name, text), name)
        except OptionError as error:
            faults += [line for line in str(error).splitlines() if line.startswith(f"{name}:")]
    if faults:
        raise OptionError("\n".join(faults))
    return values


class _Lists(Options):
    values: list[Any]


def _known(model: type[Options], name: str) -> None:
    """Refuse a parameter that the template does not have, with the nearest one that it has."""
    if name not in model.model_fields:
        near = difflib.get_close_matches(name, model.model_fields, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(model.model_fields) or 'none'}"
        raise OptionError(f"{name}: no such parameter; {hint}")


def _one(model: type[Options], name: str, text: str) -> Options:
    """Read one typed value, leaving aside parameters that are required."""
    field = model.model_fields[name]
    alone: type[Options] = create_model("Parameters", __base__=Options, **{name: (field.annotation, field)})  # type: ignore[call-overload]
    return alone.from_text({name: text})


def _steps(name: str, first: str, last: str, step: str, *, whole: bool) -> list[Any]:
    try:
        low, high, width = (float(text) for text in (first, last, step))
        number = round((high - low) / width, 9) + 1
    except (ValueError, ZeroDivisionError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise OptionError(f"{name}: got {first}:{last}:{step}, allowed first:last:step in numbers")
    if not 1 <= number <= LARGEST:
        raise OptionError(f"{name}: got {first}:{last}:{step}, which is {max(0, int(number))} values")
    values = [float(f"{low + place * width:.12g}") for place in range(int(number))]
    return [int(value) if whole and value.is_integer() else value for value in values]


def _choices(name: str, choices: Any) -> list[Any]:
    """Return the values of a grid's parameter; a text would fall into its letters."""
    if isinstance(choices, str | bytes) or not isinstance(choices, Iterable):
        raise OptionError(
            f"{name}: got {choices!r:.60}, allowed a list of the values to take, such as [{choices!r:.60}]"
        )
    return list(choices)


def _check(model: type[Options], shared: dict[str, Any], axes: dict[str, list[Any]], numbers: list[int]) -> None:
    faults = []
    for name, choices in axes.items():
        _known(model, name)
        if name in shared:
            faults.append(f"{name}: is given and varied; do one of them")
        if not choices:
            faults.append(f"{name}: no values to vary it over")
    if numbers and RUN in {*shared, *axes}:
        faults.append(f"{RUN}: is given, and a list of runs too; do one of them")
    texts = [*shared.values(), *itertools.chain(*axes.values())]
    if not numbers and any(_has_place(value) for value in texts):
        faults.append("runs: got none, and a text holds {run}; give those that it stands for, such as 10-25,31")
    if numbers and RUN not in model.model_fields and not any(_has_place(value) for value in texts):
        typed = "\n".join(text for text in texts if isinstance(text, str))
        meant = found.group() if (found := _LIKE_PLACE.search(typed)) else ""
        instead = f" instead of {meant}" if meant else " into a path"
        faults.append(f"runs: the template has no parameter 'run'; write {{run}} or {{run:04d}}{instead}")
    total = len(numbers or [0])
    for choices in axes.values():
        total *= max(1, len(choices))
    if total > LARGEST:
        faults.append(f"grid: comes to {total} jobs; a batch has at most {LARGEST}")
    if faults:
        raise OptionError("\n".join(faults))


def _row(prepared: Prepared, values: dict[str, Any], number: int) -> dict[str, Any]:
    try:
        given = prepared.values(values)
        values_cell(given)
    except OptionError as error:
        raise OptionError("\n".join(f"{line} (job {number})" for line in str(error).splitlines())) from None
    return given


def _at_run(model: type[Options], values: dict[str, Any], run: int | None) -> dict[str, Any]:
    if run is None:
        return values
    placed = {name: _placed(value, run) for name, value in values.items()}
    return {RUN: run, **placed} if RUN in model.model_fields else placed


def _placed(value: Any, run: int, depth: int = 0) -> Any:
    if isinstance(value, list | tuple) and depth <= DEEPEST:
        return type(value)(_placed(item, run, depth + 1) for item in value)
    if not isinstance(value, str):
        return value
    return _PLACE.sub(lambda match: f"{run:0{match.group(1) or 1}d}", value)


def _has_place(value: Any) -> bool:
    left = [value]  # no recursion: what nests too deep is refused later, and by its name
    while left:
        item = left.pop()
        if isinstance(item, list | tuple):
            left.extend(item)
        elif isinstance(item, str) and _PLACE.search(item):
            return True
    return False


def _differs(row: Mapping[str, Any], other: Mapping[str, Any], name: str) -> bool:
    return repr(row.get(name)) != repr(other.get(name))


def _closed(runs: str) -> str:
    """Return a list of runs with no space beside its dashes."""
    return re.sub(r"\s*(-|\u2013|\.\.)\s*", r"\1", runs)


def _typed(model: type[Options], name: str, value: Any) -> str:
    """Return a value as it can be typed."""
    try:
        plain = isinstance(value, str) and getattr(_one(model, name, value), name) == value
    except OptionError:
        plain = isinstance(value, str)
    return str(value) if plain else literal(value)
