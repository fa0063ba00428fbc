"""Reports: a notebook and its parameters become a job, the job becomes a folder, the folder holds the report.

The names below are imported on first use: listing jobs needs neither nbclient nor nbconvert.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulsetrain._first_use import on_first_use

if TYPE_CHECKING:
    from pulsetrain.reports._dask import Dask, DaskOptions
    from pulsetrain.reports._local import Local
    from pulsetrain.reports._slurm import Slurm, SlurmOptions
    from pulsetrain.reports._templates import Template, find_template, shipped_folder, templates
    from pulsetrain.reports.batches import Batch, list_batches
    from pulsetrain.reports.comparison import compare_jobs, comparison_table, write_comparison
    from pulsetrain.reports.display import show_bokeh, show_metrics, show_table
    from pulsetrain.reports.executors import EXECUTORS, Executor, executor_class, executor_named, statuses
    from pulsetrain.reports.html import export_html, export_job
    from pulsetrain.reports.inside import results_folder, show_progress
    from pulsetrain.reports.jobs import Job, JobError, list_jobs
    from pulsetrain.reports.parameters import Expression, ParameterError, read_parameters
    from pulsetrain.reports.planning import Plan, parse_runs, parse_values, plan_batch
    from pulsetrain.reports.source import parameters_cell
    from pulsetrain.reports.status import Status
    from pulsetrain.reports.submission import submit

__all__ = [
    "EXECUTORS",
    "Batch",
    "Dask",
    "DaskOptions",
    "Executor",
    "Expression",
    "Job",
    "JobError",
    "Local",
    "ParameterError",
    "Plan",
    "Slurm",
    "SlurmOptions",
    "Status",
    "Template",
    "compare_jobs",
    "comparison_table",
    "executor_class",
    "executor_named",
    "export_html",
    "export_job",
    "find_template",
    "list_batches",
    "list_jobs",
    "parameters_cell",
    "parse_runs",
    "parse_values",
    "plan_batch",
    "read_parameters",
    "results_folder",
    "shipped_folder",
    "show_bokeh",
    "show_metrics",
    "show_progress",
    "show_table",
    "statuses",
    "submit",
    "templates",
    "write_comparison",
]

_PLACES = {
    "EXECUTORS": "executors",
    "Batch": "batches",
    "Dask": "_dask",
    "DaskOptions": "_dask",
    "Executor": "executors",
    "Expression": "parameters",
    "Job": "jobs",
    "JobError": "jobs",
    "Local": "_local",
    "ParameterError": "parameters",
    "Slurm": "_slurm",
    "SlurmOptions": "_slurm",
    "Status": "status",
    "Plan": "planning",
    "Template": "_templates",
    "compare_jobs": "comparison",
    "comparison_table": "comparison",
    "executor_class": "executors",
    "executor_named": "executors",
    "export_html": "html",
    "export_job": "html",
    "find_template": "_templates",
    "list_batches": "batches",
    "list_jobs": "jobs",
    "parameters_cell": "source",
    "read_parameters": "parameters",
    "parse_runs": "planning",
    "parse_values": "planning",
    "plan_batch": "planning",
    "results_folder": "inside",
    "shipped_folder": "_templates",
    "show_bokeh": "display",
    "show_metrics": "display",
    "show_progress": "inside",
    "show_table": "display",
    "statuses": "executors",
    "submit": "submission",
    "templates": "_templates",
    "write_comparison": "comparison",
}

__getattr__, __dir__ = on_first_use(__name__, _PLACES)
