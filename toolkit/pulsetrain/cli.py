"""The command line: ``pulsetrain METHOD PATH … -o OUT``, and reports, jobs and benchmarks beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import pulsetrain
from pulsetrain.data.input_options import InputOptions
from pulsetrain.methods import Method, methods
from pulsetrain.options import OptionError, Options
from pulsetrain.progress import Cancelled, show_in_terminal
from pulsetrain.reports.batch_command import batch, pairs_of
from pulsetrain.reports.bench import bench as bench_reports
from pulsetrain.reports.bench_batch import bench as bench_batch

if TYPE_CHECKING:
    from pulsetrain.reports import Job, Status

__all__ = ["main"]

_PART_OF_INPUT = ("source", "key")


class _Methods(click.Group):
    """A group whose further commands are one per installed method."""

    def __init__(self, *args: Any, make: Callable[[Method], click.Command], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.make = make

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *methods()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        return found or (self.make(methods()[cmd_name]) if cmd_name in methods() else None)


def _method_command(method: Method) -> click.Command:
    """Make ``pulsetrain METHOD PATH … -o OUT`` from the input's option model and the method's."""
    model: type[Options] = method.load(method.options)

    def run(path: str, output: Path, **texts: Any) -> None:
        given = {name: value for name, value in texts.items() if value is not None}
        part = {name: given.pop(name) for name in _PART_OF_INPUT if name in given}
        try:
            options = model.from_text(given)
            click.echo(method.load(method.command)(path, options, output, **part, progress=show_in_terminal))
        except OptionError as error:
            raise click.ClickException(_as_typed(str(error), [*_PART_OF_INPUT, *model.model_fields])) from None
        except (Cancelled, OSError, ValueError) as error:
            raise click.ClickException(str(error) or "stopped") from None

    path = click.Argument(["path"])
    output = click.Option(
        ["-o", "--output"], required=True, type=click.Path(path_type=Path), help="New folder for the results."
    )
    part = [_click_option(InputOptions, name) for name in _PART_OF_INPUT]
    fields = [_click_option(model, name) for name in model.model_fields]
    return click.Command(method.name, callback=run, params=[path, output, *part, *fields], help=method.summary)


def _click_option(model: type[Options], name: str) -> click.Option:
    field = model.model_fields[name]
    default = "" if field.is_required() or field.default == "" else f"default {field.default!r}"
    notes = "; ".join(filter(None, (_span(model, name), default)))
    help_text = f"{field.description or ''}{f' [{notes}]' if notes else ''}"
    flag = _flag(name)
    if field.annotation is bool:
        return click.Option([f"{flag}/--no-{flag[2:]}", name], default=None, help=help_text)
    choices = model.choices(name)
    only_choices = choices and len(model.kinds(name)) == 1
    kind = click.Choice([str(value) for value in choices]) if only_choices else str
    return click.Option([flag, name], type=kind, metavar=None if only_choices else "VALUE", help=help_text)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _as_typed(text: str, names: Iterable[str]) -> str:
    """Return an error about options with their names as they are typed: first in a line, or unmistakable."""
    for name in names:
        text = re.sub(rf"^{name}(?=[:,])", _flag(name), text, flags=re.MULTILINE)
        if "_" in name:
            text = re.sub(rf"(?<![\w/.-]){name}(?![\w/.-])", _flag(name), text)
    return text


def _span(model: type[Options], name: str) -> str:
    """Return bounds and unit of a field, such as ``2 … 15 σ``; empty where it has neither."""
    low, high = ("" if end is None else f"{end:.12g}" for end in model.bounds(name))
    return f"{f'{low} … {high}'.strip() if low or high else ''} {model.unit(name)}".strip()


def _bench_command(method: Method) -> click.Command:
    command: click.Command = method.load(method.bench)
    return command


@click.group(cls=_Methods, make=_method_command, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(pulsetrain.__version__)
def main() -> None:
    """Machine learning for X-ray free-electron lasers."""


@main.command("methods")
def list_methods() -> None:
    """List the installed methods."""
    for method in methods().values():
        click.echo(f"{method.name:12} {method.summary}")


@main.group(cls=_Methods, make=_bench_command)
def bench() -> None:
    """Measure speed and quality, as ratios against a named rival."""


main.add_command(batch)
bench.add_command(bench_reports, "reports")
bench.add_command(bench_batch, "batch")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
def example(folder: Path) -> None:
    """Write a workspace with simulated data and the courses into a new FOLDER."""
    from pulsetrain.reports import shipped_folder
    from pulsetrain.simulate.workspace import write_workspace

    try:
        click.echo(write_workspace(folder, courses=shipped_folder("course")))
    except OSError as error:
        raise click.ClickException(str(error)) from None


@main.group()
def report() -> None:
    """List report templates, run one, or run a job again."""


@report.command("list")
@click.option("--templates", "folders", multiple=True, type=click.Path(path_type=Path), help="Further template folder.")
def list_reports(folders: tuple[Path, ...]) -> None:
    """List the report templates with their parameters."""
    from pulsetrain.reports import shipped_folder, templates

    for template in templates(shipped_folder("reports"), *folders):
        click.echo(f"{template.name:12} {template.title}")
        for name, field in template.parameters.model_fields.items():
            default = "required" if field.is_required() else repr(field.get_default(call_default_factory=True))
            choices = "|".join(map(str, template.parameters.choices(name)))
            allowed = "; ".join(filter(None, (choices, _span(template.parameters, name))))
            notes = filter(None, (f"{name} = {default}", field.description, f"[{allowed}]" * bool(allowed)))
            click.echo(f"    {'  '.join(notes)}")


@report.command("run")
@click.argument("template")
@click.option("-p", "--parameter", "pairs", multiple=True, metavar="NAME=VALUE", help="A parameter of the report.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder that holds the jobs.")
@click.option("--kernel", default=None, metavar="NAME", help="Kernelspec to run in, instead of the template's own.")
def run_report(template: str, pairs: tuple[str, ...], output: Path, kernel: str | None) -> None:
    """Run TEMPLATE (a name from `report list`, or a notebook) as a job and wait for its report."""
    from pulsetrain.reports import find_template, submit

    values = pairs_of(pairs)
    try:
        chosen = find_template(template)
        given = chosen.parameters.from_text(values).model_dump(include=set(values))
        job = submit(chosen, given, output, kernel=kernel)
    except (OptionError, OSError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    _finish(job)


@report.command("resume")
@click.argument("job", type=click.Path(exists=True, file_okay=False, path_type=Path))
def resume_report(job: Path) -> None:
    """Run JOB, the folder of a report that was stopped, failed or died, once more; what it left is kept beside."""
    from pulsetrain.reports import Batch, Job, write_comparison

    try:
        again = Job(job.resolve())
        again.resume()
    except (OptionError, OSError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    try:
        _finish(again)
    finally:
        if again.batch is not None:  # its runner does so too, but only after it has said how the job ended
            click.echo(write_comparison(Batch(again.batch)), err=True)


def _finish(job: Job) -> None:
    """Follow a job to its end and say where the report is."""
    click.echo(job.folder, err=True)
    status = _watch(job)
    if status.state != "done":
        raise click.ClickException(f"{status.state}: {status.message} (see {job.folder / 'log.txt'})")
    click.echo(job.report)


def _watch(job: Job) -> Status:
    """Show how far a job is until it has ended; Ctrl-C stops it, with the partial notebook saved."""
    try:
        while True:
            try:
                status = job.wait(timeout=0.5)
            except TimeoutError:
                status = job.status
                # The cell at work is not done yet, or the line would end with the last one's beginning.
                show_in_terminal(max(status.cell - 1, 0), status.cells, status.state)
            else:
                show_in_terminal(status.cell, status.cells, status.state)
                return status
    except KeyboardInterrupt:
        job.stop(timeout=30)
        raise click.ClickException(
            f"stopped; the partial notebook is {job.notebook}. Run it again: pulsetrain report resume {job.folder}"
        ) from None


@main.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def jobs(folder: Path) -> None:
    """List the report jobs in FOLDER, the one given to `report run -o`."""
    from pulsetrain.reports import list_batches, list_jobs

    found, batches = list_jobs(folder), list_batches(folder)
    if not found and not batches:
        click.echo(f"no jobs in {folder}", err=True)
    if batches:
        many = f"{len(batches)} batch{'es' * (len(batches) != 1)}"
        click.echo(f"and {many} of jobs: pulsetrain batch list {folder}", err=True)
    for job in found:
        status = job.status
        click.echo(f"{job.id:44} {status.state:9} {status.cell:3}/{status.cells:<3}  {status.message}".rstrip())
