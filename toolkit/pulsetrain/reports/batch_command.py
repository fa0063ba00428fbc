"""``pulsetrain batch``: one template over many runs and parameters, from the command line."""

from __future__ import annotations

import hashlib
import shlex
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pulsetrain.options import OptionError, Options
from pulsetrain.progress import show_in_terminal
from pulsetrain.reports._batch_words import counted, counted_jobs, reasons

if TYPE_CHECKING:
    from pulsetrain.reports import Batch, Executor, Plan

__all__ = ["batch", "pairs_of"]

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_SHOWN = 8  # rows of a dry run
_POLL = 1.0  # s


@click.group()
def batch() -> None:
    """Run one template over many runs and parameters, and compare what came out."""


@batch.command("run")
@click.argument("template")
@click.option("-p", "--parameter", "pairs", multiple=True, metavar="NAME=VALUE", help="A parameter of all jobs.")
@click.option(
    "--runs", multiple=True, metavar="RUNS", help="Such as 10-25,31: into the parameter run, or {run:04d} in paths."
)
@click.option("--vary", "grid", multiple=True, metavar="NAME=VALUES", help="Values to take in turn: 4,5,6 or 4:8:0.5.")
@click.option("--kernel", default=None, metavar="NAME", help="Kernelspec to run in, instead of the template's own.")
@click.option("--executor", "executor", default="local", show_default=True, help="local, dask or slurm.")
@click.option(
    "--option", "options", multiple=True, metavar="NAME=VALUE", help="Of the executor; see `batch executors`."
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder that holds the jobs.")
@click.option("--dry-run", is_flag=True, help="Show what would be submitted, and write nothing.")
@click.option("--detach", is_flag=True, help="Do not wait for the end.")
def run_batch(
    *,
    template: str,
    pairs: tuple[str, ...],
    runs: tuple[str, ...],
    grid: tuple[str, ...],
    kernel: str | None,
    executor: str,
    options: tuple[str, ...],
    output: Path,
    dry_run: bool,
    detach: bool,
) -> None:
    """Run TEMPLATE (a name from `report list`, or a notebook) once for each run and each combination of values."""
    from pulsetrain.reports import executor_class, find_template, parse_values, plan_batch
    from pulsetrain.reports.planning import typed_values

    with _said():
        chosen = find_template(template)
        model = chosen.parameters
        plan = plan_batch(
            chosen,
            typed_values(model, pairs_of(pairs)),
            runs=",".join(runs),
            grid={name: parse_values(model, name, text) for name, text in pairs_of(grid).items()},
            root=output,
            executor=_executor(executor_class(executor), options),
            kernel=kernel,
        )
        if dry_run:
            _show(plan)
            return
        made = plan.submit()
    click.echo(made.folder, err=True)
    if detach:
        click.echo(made.folder)
        return
    _finish(made)


@batch.command("executors")
def list_executors() -> None:
    """List where jobs can run, and with which options."""
    from pulsetrain.reports import EXECUTORS, executor_class

    for name in EXECUTORS:
        found = executor_class(name)
        trouble = found.trouble()
        click.echo(f"{name:8} {found.title}{f' (not here: {trouble})' * bool(trouble)}")
        for field, info in found.model.model_fields.items():
            default = "required" if info.is_required() else repr(info.get_default(call_default_factory=True))
            unit = found.model.unit(field)
            click.echo(f"    {field} = {default}  {info.description or ''}{f' [{unit}]' * bool(unit)}")


@batch.command("list")
@click.argument("folder", type=_FOLDER)
def list_all(folder: Path) -> None:
    """List the batches in FOLDER, the one given to `batch run -o`."""
    from pulsetrain.reports import list_batches

    found = list_batches(folder)
    if not found:
        click.echo(f"no batches in {folder}", err=True)
    for each in found:
        click.echo(f"{each.id:44} {counted(each.counts())}")


@batch.command("status")
@click.argument("folder", metavar="BATCH", type=_FOLDER)
def status(folder: Path) -> None:
    """Show how each job of BATCH, the folder of a batch, stands."""
    found = _batch(folder)
    jobs, now = found.jobs(), found.statuses()
    for job, state in zip(jobs, now, strict=True):
        varied = ", ".join(f"{name}={value}" for name, value in job.record.get("varied", {}).items())
        where = f" on {state.node}" if state.node else ""
        click.echo(f"{job.id.rpartition('.')[2]}  {state.state:9}{where} {varied}  {state.message}".rstrip())
    click.echo(counted(found.counts()), err=True)


@batch.command("stop")
@click.argument("folder", metavar="BATCH", type=_FOLDER)
def stop(folder: Path) -> None:
    """Stop BATCH: jobs at work save their partial notebooks, the rest never begin."""
    found = _batch(folder)
    with _said():
        found.stop()
    click.echo(counted(found.counts()))


@batch.command("resume")
@click.argument("folder", metavar="BATCH", type=_FOLDER)
@click.option("--executor", default=None, help="Another one than before.")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="Of the executor; the other options stay as they are.",
)
@click.option("--detach", is_flag=True, help="Do not wait for the end.")
def resume(folder: Path, executor: str | None, options: tuple[str, ...], detach: bool) -> None:
    """Run the jobs of BATCH that are neither done nor at work once more; what they left is kept beside."""
    from pulsetrain.reports import executor_class, executor_named

    found = _batch(folder)
    with _said():
        other: Executor | None = None
        if executor is not None:
            other = _executor(executor_class(executor), options)
        elif options:
            before = executor_named(found.record.get("executor") or {})
            other = _executor(type(before), options, before.options)
        again = found.resume(executor=other)
    click.echo(f"{counted_jobs(len(again))} run again", err=True)
    if _has_changed(found.record.get("template", {})):
        click.echo("the template has changed since; the batch goes on with its own copy of it", err=True)
    if not detach:
        _finish(found)


@batch.command("compare")
@click.argument("folder", metavar="BATCH", type=_FOLDER)
def compare(folder: Path) -> None:
    """Write the comparison of the jobs of BATCH, and say where it is."""
    from pulsetrain.reports.comparison import write_comparison

    with _said():
        click.echo(write_comparison(_batch(folder)))


@batch.command("damnit")
@click.argument("folder", metavar="BATCH", type=_FOLDER)
@click.option("--proposal", type=int, default=None, help="Number; by default what the jobs' parameters or paths say.")
@click.option("--damnit-dir", type=_FOLDER, default=None, help="Folder of the database; the proposal's by default.")
@click.option("--prefix", default=None, help="Of the columns' names; the template's name by default.")
@click.option("--dry-run", is_flag=True, help="Show what would be handed over.")
def hand_over(
    folder: Path, *, proposal: int | None, damnit_dir: Path | None, prefix: str | None, dry_run: bool
) -> None:
    """Hand the metrics of BATCH over to a DAMNIT database, a row for each run."""
    from pulsetrain.reports.damnit import plan_hand_over, submit_metrics

    found = _batch(folder)
    with _said():
        if dry_run:
            items = plan_hand_over(found, proposal=proposal, prefix=prefix)
        else:
            try:
                items = submit_metrics(found, proposal=proposal, damnit_dir=damnit_dir, prefix=prefix)
            except ImportError as error:
                raise click.ClickException(str(error)) from None
    for item in items:
        values = ", ".join(
            f"{name} = {value} {item.units.get(name, '')}".rstrip() for name, value in item.variables.items()
        )
        click.echo(f"p{item.proposal} r{item.run:04d}  {values}")


def pairs_of(pairs: Iterable[str]) -> dict[str, str]:
    """Split ``NAME=VALUE``.

    Raises
    ------
    click.BadParameter
        If there is no equals sign, or a name comes twice: neither value could be dropped in silence.
    """
    values: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"got {pair!r}, allowed NAME=VALUE")
        if name in values:
            raise click.BadParameter(f"got {name} twice, allowed once")
        values[name] = value
    return values


@contextmanager
def _said() -> Iterator[None]:
    """Say what was refused as the command line does."""
    try:
        yield
    except (OptionError, OSError, ValueError) as error:
        raise click.ClickException(str(error)) from None


def _executor(chosen: type[Executor], options: Iterable[str], before: Options | None = None) -> Executor:
    """Make an executor from what was typed, over what was set before."""
    from pulsetrain.reports.planning import typed_values

    try:
        made = chosen(before, **typed_values(chosen.model, pairs_of(options)))
    except OptionError as error:
        words = f"no such option of the executor {chosen.name}"
        raise OptionError(str(error).replace("no such parameter", words)) from None
    trouble = made.trouble()
    if trouble:
        raise OptionError(f"executor: {made.name} cannot be used here: {trouble}")
    return made


def _batch(folder: Path) -> Batch:
    from pulsetrain.reports import Batch

    found = Batch(folder.resolve())
    if not found.record:
        raise click.ClickException(
            f"{folder} is no batch; `pulsetrain batch list FOLDER` shows those in a folder of jobs"
        )
    return found


def _has_changed(template: Mapping[str, Any]) -> bool:
    """Return whether the notebook that a record names is there, and another one than it was."""
    try:
        return hashlib.sha256(Path(template["path"]).read_bytes()).hexdigest() != str(template["sha256"])
    except (OSError, KeyError, TypeError):
        return False


def _show(plan: Plan) -> None:
    """Print what a batch would be."""
    from pulsetrain.reports._absent import absent_paths

    total = len(plan.rows)
    click.echo(f"{counted_jobs(total)} in {plan.folder}")
    for number, row in enumerate(plan.rows[:_SHOWN], start=1):
        click.echo(f"  {number}: {', '.join(f'{name}={row[name]!r}' for name in plan.varied if name in row)}")
    if total > _SHOWN:
        click.echo(f"  … and {total - _SHOWN} more")
    for warning in absent_paths(plan):
        click.echo(f"Warning: {warning}", err=True)
    click.echo(f"\nThe cell injected into the first:\n\n{_indented(plan.cell(0) or '(none: the defaults)')}")
    click.echo(f"\nHanded over to {plan.executor.name!r}:\n\n{_indented(plan.script())}")


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _finish(found: Batch) -> None:
    """Follow a batch to its end and say where the comparison is; Ctrl-C leaves it running."""
    from pulsetrain.reports.comparison import write_comparison

    try:
        while True:
            states = found.statuses()
            ended = sum(status.finished_for_good for status in states)
            counts = Counter[str](status.state for status in states)
            show_in_terminal(ended, len(states), counted(counts))
            if ended == len(states):
                break
            time.sleep(_POLL)
    except KeyboardInterrupt:
        raise click.ClickException(
            f"no longer watching; the jobs go on. To stop them: pulsetrain batch stop {shlex.quote(str(found.folder))}"
        ) from None
    click.echo(write_comparison(found))
    left = len(states) - counts["done"]
    if left:
        lines = [counted(counts), *(f"  {reason}" for reason in reasons(states))]
        which = f"the {left} that are not done" if left > 1 else "the one that is not done"
        command = f"pulsetrain batch resume {shlex.quote(str(found.folder))}"
        raise click.ClickException("\n".join([*lines, f"Run {which} again: {command}"]))
