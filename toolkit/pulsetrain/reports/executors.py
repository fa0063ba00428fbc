"""Where jobs run: an interface, and by which name each executor is asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Self

from pulsetrain.options import OptionError, Options
from pulsetrain.reports.jobs import Job
from pulsetrain.reports.status import CONCLUDED, Status

__all__ = ["EXECUTORS", "Executor", "executor_class", "executor_named", "executor_of", "statuses", "withdraw"]

# Imported when they are asked for; an executor is one new module and its line here.
EXECUTORS = {
    "local": "pulsetrain.reports._local:Local",
    "dask": "pulsetrain.reports._dask:Dask",
    "slurm": "pulsetrain.reports._slurm:Slurm",
}


class Executor(ABC):
    """Sees to it that the runners of queued jobs start somewhere; all else is between a runner and its job's folder.

    Parameters
    ----------
    options : Options, optional
        The executor's settings, as one model; or its fields by keyword.

    Raises
    ------
    OptionError
        If a field is unknown or out of its bounds.

    Attributes
    ----------
    name, title : str
        What records and what people call it.
    model : type[Options]
        Of its settings; the form in the sidebar and the flags on the command line are made from it.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    model: ClassVar[type[Options]] = Options

    def __init__(self, options: Options | None = None, /, **values: Any) -> None:
        # Only what was given counts as given: records and commands leave the rest to the defaults.
        given = {} if options is None else {name: getattr(options, name) for name in options.model_fields_set}
        self.options: Any = self.model(**{**given, **values})

    @classmethod
    def trouble(cls) -> str:
        """Return why it cannot be used here, or an empty string."""
        return ""

    @classmethod
    def from_text(cls, texts: Mapping[str, Any]) -> Self:
        """Make one from what was typed."""
        return cls(cls.model.from_text(texts))

    def check(self, jobs: int) -> None:  # noqa: B027  # most take whatever their options allow
        """Ask whether the queue would take so many jobs, before anything is written.

        Raises
        ------
        OptionError
            If it would not, in the queue's own words.
        """

    @abstractmethod
    def start(self, jobs: Sequence[Job]) -> None:
        """See to it that ``python -m pulsetrain.reports.runner FOLDER`` runs some time for each of some queued jobs.

        The jobs lie below one folder of jobs; they may be many, and then belong to one batch.
        """

    def look(self, jobs: Sequence[tuple[Job, Status]]) -> list[Status]:
        """Return what the queue knows of unfinished jobs, in their order, asking it once for all of them."""
        return [status for _, status in jobs]

    @abstractmethod
    def withdraw(self, jobs: Sequence[Job]) -> None:
        """Take jobs out of the queue, which ends those at work the hard way; one that has gone already is no error."""

    @abstractmethod
    def script(self, jobs: int, folder: Path) -> str:
        """Return what `start` will hand over for so many jobs below a folder, for people to read."""

    def as_dict(self) -> dict[str, Any]:
        """Return what `executor_of` needs to make this executor again."""
        return {"name": self.name, **self.options.model_dump(mode="json", exclude_unset=True)}

    def __repr__(self) -> str:
        given = self.options.model_dump(exclude_unset=True)
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in given.items())})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Executor) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash(repr(self))


def executor_class(name: str) -> type[Executor]:
    """Return the class of a name.

    Raises
    ------
    OptionError
        If there is none; names those there are.
    """
    if name not in EXECUTORS:
        raise OptionError(f"executor: got {name!r}, allowed {', '.join(EXECUTORS)}")
    module, _, attribute = EXECUTORS[name].partition(":")
    found: type[Executor] = getattr(import_module(module), attribute)
    return found


def executor_named(stated: Mapping[str, Any]) -> Executor:
    """Return the executor of ``{"name": …, **options}``; the local one where no name is given."""
    name = stated.get("name", "local")
    if not isinstance(name, str):
        raise OptionError(f"executor: got {name!r}, allowed {', '.join(EXECUTORS)}")
    return executor_class(name)(**{key: value for key, value in stated.items() if key != "name"})


def executor_of(record: Mapping[str, Any]) -> Executor:
    """Return the executor that a job or batch was submitted to, from its record; the local one where that is torn."""
    stated = record.get("executor")
    try:
        return executor_named(stated if isinstance(stated, Mapping) else {})
    except (OptionError, TypeError):
        return executor_class("local")()


def statuses(jobs: Iterable[Job]) -> list[Status]:
    """Return where jobs stand, asking each queue that holds some of them once for all of these."""
    found = [(job, job.status) for job in jobs]
    asked = [number for number, (_, status) in enumerate(found) if _is_queues(status)]
    result = [status for _, status in found]
    for executor, numbers in _by_executor(found, asked):
        news = executor.look([found[number] for number in numbers])
        for number, status in zip(numbers, news, strict=True):
            result[number] = status
    return result


def withdraw(jobs: Iterable[Job]) -> None:
    """Take jobs out of their queues, asking each queue once."""
    found = [(job, job.status) for job in jobs]
    for executor, numbers in _by_executor(found, range(len(found))):
        executor.withdraw([found[number][0] for number in numbers])


def _is_queues(status: Status) -> bool:
    return status.executor != "local" and status.state not in CONCLUDED


def _by_executor(found: Sequence[tuple[Job, Status]], numbers: Iterable[int]) -> Iterator[tuple[Executor, list[int]]]:
    executors: dict[str, Executor] = {}
    groups: dict[str, list[int]] = {}
    for number in numbers:
        executor = executor_of(found[number][0].record)
        key = repr(executor)
        executors.setdefault(key, executor)
        groups.setdefault(key, []).append(number)
    for key, group in groups.items():
        yield executors[key], group
