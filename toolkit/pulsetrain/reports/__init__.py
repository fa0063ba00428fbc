"""Reports: a notebook and its parameters become a job, the job becomes a folder, the folder holds the report.

The names below are imported on first use: listing jobs needs neither nbclient nor nbconvert.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulsetrain._first_use import on_first_use

if TYPE_CHECKING:
    from pulsetrain.reports._templates import Template, find_template, shipped_folder, templates
    from pulsetrain.reports.display import show_bokeh, show_metrics, show_table
    from pulsetrain.reports.executors import Executor, Local
    from pulsetrain.reports.html import export_html, export_job
    from pulsetrain.reports.inside import results_folder, show_progress
    from pulsetrain.reports.jobs import Job, JobError, list_jobs
    from pulsetrain.reports.parameters import Expression, ParameterError, read_parameters
    from pulsetrain.reports.source import parameters_cell
    from pulsetrain.reports.status import Status
    from pulsetrain.reports.submission import submit

__all__ = [
    "Executor",
    "Expression",
    "Job",
    "JobError",
    "Local",
    "ParameterError",
    "Status",
    "Template",
    "export_html",
    "export_job",
    "find_template",
    "list_jobs",
    "parameters_cell",
    "read_parameters",
    "results_folder",
    "shipped_folder",
    "show_bokeh",
    "show_metrics",
    "show_progress",
    "show_table",
    "submit",
    "templates",
]

_PLACES = {
    "Executor": "executors",
    "Expression": "parameters",
    "Job": "jobs",
    "JobError": "jobs",
    "Local": "executors",
    "ParameterError": "parameters",
    "Status": "status",
    "Template": "_templates",
    "export_html": "html",
    "export_job": "html",
    "find_template": "_templates",
    "list_jobs": "jobs",
    "parameters_cell": "source",
    "read_parameters": "parameters",
    "results_folder": "inside",
    "shipped_folder": "_templates",
    "show_bokeh": "display",
    "show_metrics": "display",
    "show_progress": "inside",
    "show_table": "display",
    "submit": "submission",
    "templates": "_templates",
}

__getattr__, __dir__ = on_first_use(__name__, _PLACES)
