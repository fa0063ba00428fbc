"""The comparison of a batch: one offline page and one CSV file, a row for each job, and two jobs side by side."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulsetrain._shared_files import take_lock, write_text
from pulsetrain.reports._comparison_columns import Columns, label
from pulsetrain.reports._comparison_csv import comparison_csv
from pulsetrain.reports._comparison_numbers import duration, in_full, written
from pulsetrain.reports._comparison_pair import compare_jobs
from pulsetrain.reports._comparison_plots import MOST, Plot, plots
from pulsetrain.reports._comparison_rows import WITHOUT_RESULT, Comparison, Row, compared, number
from pulsetrain.reports._comparison_table import Thumbnails, columns, rows, spans
from pulsetrain.reports._comparison_texts import Clamped, room
from pulsetrain.reports._pages import own, page_template, trusted
from pulsetrain.reports._values import sound

if TYPE_CHECKING:
    import pandas as pd

    from pulsetrain.reports.batches import Batch

__all__ = ["compare_jobs", "comparison_page", "comparison_table", "write_comparison"]

_PATIENCE = 60.0  # s; a thousand jobs are compared in ten
_LINE = 160  # characters of a value that is the same in all jobs
_NAMED = 100  # failed jobs that are named below the table, where all of them stand


def write_comparison(batch: Batch) -> Path:
    """Write ``comparison.html`` and ``comparison.csv`` into a batch's folder, whatever states its jobs are in.

    Parameters
    ----------
    batch
        Its jobs are read, and never changed.

    Returns
    -------
    Path
        Of the page. It opens offline, links to the jobs' reports, and stays below 5 MB for 1,000 jobs; beyond that
        the pictures of the jobs are the first to go. Where jobs have many metrics, the table has those that differ;
        the CSV file has all, and the parameters that are the same in all jobs as its last columns, where a long text
        is cut short. A text in it that a spreadsheet would run as a formula has an apostrophe before it.
    """
    path = batch.folder / "comparison.html"
    with _alone(batch.folder):
        comparison = compared(batch)
        write_text(batch.folder / "comparison.csv", comparison_csv(comparison))
        write_text(path, comparison_page(batch, comparison))
    return path


def comparison_table(batch: Batch) -> pd.DataFrame:
    """Return the jobs of a batch as a table.

    Parameters
    ----------
    batch
        As `pulsetrain.reports.list_batches` or `Plan.submit` return it.

    Returns
    -------
    pandas.DataFrame
        One row a job, in the batch's order; the index is the job's id. The columns are the parameters that vary, then
        ``state``, ``seconds`` (from the job's start to its end) and ``message`` (why it has no result), then the
        metrics, nested ones by dotted names. A metric that a job does not have is NaN, or None among texts. Units, by
        column, stand in ``attrs["units"]``, and the parameters that are the same in all jobs in ``attrs["constant"]``.

    Examples
    --------
    >>> table = comparison_table(batch)  # doctest: +SKIP
    >>> table.pivot_table("rate", index="clen", columns="min_snr")  # doctest: +SKIP
    """
    import pandas as pd

    comparison = compared(batch)
    records = {row.job.id: _record(row) for row in comparison.rows}
    names = [*comparison.parameters, "state", "seconds", "message", *comparison.metrics]
    table = pd.DataFrame.from_dict(records, orient="index", columns=list(dict.fromkeys(names)))
    table.index.name = "job"
    table.attrs["units"] = {
        "seconds": "s",
        **{name: comparison.units[name] for name in names if name in comparison.units},
    }
    table.attrs["constant"] = comparison.constant
    return table


def comparison_page(batch: Batch, comparison: Comparison | None = None, *, links: bool = True) -> str:
    """Return the page.

    Parameters
    ----------
    batch
        Whose jobs are compared.
    comparison
        As read already.
    links : bool
        Link to the jobs' reports, which only leads somewhere where the page lies in the batch's folder. Without, the
        page asks the sidebar that shows it to open them; elsewhere its rows lead nowhere.
    """
    comparison = comparison or compared(batch)
    shown, drawn = Columns.of(comparison), plots(comparison)
    cells = 3 + len(comparison.parameters) + len(shown.shown)
    thumbnails = Thumbnails(comparison, cells, sum(len(plot.picture) for plot in drawn))
    lines = rows(comparison, shown, thumbnails, links=links)
    pictured = any(line["picture"] for line in lines)
    page = page_template("comparison.html.j2").render(
        title=_title(batch),
        summary=_summary(comparison),
        common=_common(comparison),
        plots=drawn,
        remarks=_remarks(drawn),
        undrawn=_undrawn(comparison, len(drawn)),
        unpictured=thumbnails.remark,
        untabled=shown.words,
        table="comparison.csv" if links else "",
        columns=columns(comparison, shown, pictured=pictured),
        rows=lines,
        pictured=pictured,
        spans=spans(comparison, shown, pictured=pictured),
        folded=shown.folded(comparison),
        same=shown.common(comparison),
        facts=_facts(batch, comparison),
        nonce=secrets.token_urlsafe(18),
        style=trusted(own("report.css") + own("comparison.css")),
        script=trusted(own("comparison.js")),
    )
    return sound(page)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep others from writing meanwhile, or whoever looked first might write last; one that hangs is passed by."""
    end = time.monotonic() + _PATIENCE
    while (lock := take_lock(folder / ".comparison.lock")) is None and time.monotonic() < end:
        time.sleep(0.05)
    try:
        yield
    finally:
        if lock is not None:
            os.close(lock)


def _record(row: Row) -> dict[str, Any]:
    metrics = {
        name: value if (found := number(value)) is None or isinstance(value, int) else found
        for name, value in row.metrics.items()
    }
    return {**metrics, **row.parameters, "state": row.status.state, "seconds": row.seconds, "message": row.message}


def _title(batch: Batch) -> str:
    template = batch.record.get("template")
    title = template.get("title") if isinstance(template, dict) else ""
    return f"Comparison: {title or batch.id}"


def _summary(comparison: Comparison) -> str:
    took = [row.seconds for row in comparison.rows if row.seconds is not None]
    parts = [f"{_jobs(len(comparison.rows))}: {_counts(comparison)}"]
    if comparison.parameters:
        parts.append(f"varied: {', '.join(comparison.parameters)}")
    if took:
        parts.append(f"{duration(sum(took))} of work in all")
    return "; ".join([*parts, _as_of(comparison)])


def _as_of(comparison: Comparison) -> str:
    """Say when the jobs were looked at, and how many had not ended by then."""
    counts = Counter(row.status.state for row in comparison.rows if not row.status.finished_for_good)
    parts = [f"as of {time.strftime('%Y-%m-%d %H:%M', time.localtime(comparison.at))}"]
    parts += [f"{_jobs(number)} still {state}" for state, number in counts.most_common()]
    return ", ".join(parts)


def _jobs(number: int) -> str:
    return f"{number} job{'s' * (number != 1)}"


def _counts(comparison: Comparison) -> str:
    counts = Counter(row.status.state for row in comparison.rows)
    return ", ".join(f"{count} {state}" for state, count in counts.most_common()) or "none"


def _common(comparison: Comparison) -> dict[str, Clamped]:
    most = room(len(comparison.common))
    return {
        label(comparison, name): Clamped.of(in_full(value), most, head=_LINE)
        for name, value in comparison.common.items()
    }


def _remarks(drawn: Sequence[Plot]) -> list[str]:
    """Return what is to be said of all pictures."""
    return [remark for remark in drawn[0].remarks if all(remark in plot.remarks for plot in drawn)] if drawn else []


def _undrawn(comparison: Comparison, drawn: int) -> str:
    numeric = sum(comparison.numeric(name) for name in comparison.metrics)
    if drawn == MOST and numeric > MOST:
        return f"Drawn are the first {MOST} metrics that differ; the others stand in the table or below it."
    return ""


def _facts(batch: Batch, comparison: Comparison) -> dict[str, Any]:
    record = batch.record
    template, provenance, executor = (_mapping(record.get(name)) for name in ("template", "provenance", "executor"))
    bad = [row for row in comparison.rows if row.status.state in WITHOUT_RESULT]
    named = {row.job.id: f"{row.status.state}: {row.status.message}" for row in bad[:_NAMED]}
    more = f", the first {_NAMED} of {len(bad)}" if len(bad) > _NAMED else ""
    facts: dict[str, Any] = {
        "Command": provenance.get("command"),
        "Batch": batch.id,
        "Template": f"{template.get('path')}, sha256 {template.get('sha256')}" if template else "",
        "Submitted": f"{provenance.get('submitted')} by {provenance.get('user')} on {provenance.get('host')}",
        "Runs": record.get("runs"),
        "Grid": record.get("grid"),
        "Executor": ", ".join(
            f"{name} {written(value)}" if name != "name" else str(value) for name, value in executor.items()
        ),
        "Versions": {"python": provenance.get("python"), **_mapping(provenance.get("versions"))},
        "Jobs by state": _counts(comparison),
        f"Jobs that did not finish{more}": named,
        "Remarks": "; ".join(map(str, provenance.get("remarks") or [])),
    }
    return {name: value for name, value in facts.items() if value}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
