"""The requests: each is authenticated and authorised, and leaves the event loop for what touches files."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.extension.handler import ExtensionHandlerMixin
from tornado import web

from pulsetrain.methods import methods
from pulsetrain.options import OptionError
from pulsetrain.reports import Job, JobError, ParameterError, Template, shipped_folder, submit
from pulsetrain.server import replies
from pulsetrain.server.catalogue import Catalogue

__all__ = ["HANDLERS"]

_BODY = 1_000_000  # bytes
P = ParamSpec("P")
R = TypeVar("R")


class _Catalogued(ExtensionHandlerMixin):
    """What all requests share."""

    auth_resource = "pulsetrain"

    @property
    def catalogue(self) -> Catalogue:
        catalogue: Catalogue = self.settings["pulsetrain_catalogue"]
        return catalogue

    async def away(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do blocking work in a thread."""
        return await asyncio.to_thread(work, *args, **kwargs)

    async def job(self, name: str) -> Job:
        """Return the job of a name, or answer that there is none."""
        job = await self.away(self.catalogue.job, name)
        if job is None:
            raise web.HTTPError(404, f"There is no job {name!r}")
        return job


class _Request(_Catalogued, APIHandler):
    """A request that is answered in JSON."""

    def answer(self, content: Any) -> None:
        """Answer in JSON as browsers read it, which knows no NaN."""
        self.finish(json.dumps(content, allow_nan=False))

    def refuse(self, status: int, error: ValueError) -> None:
        """Answer what was refused, with the faults by parameter."""
        self.set_status(status)
        self.answer({"message": str(error), "faults": replies.faults(error)})

    async def body(self) -> dict[str, Any]:
        """Return the JSON object that was sent."""
        if len(self.request.body) > _BODY:
            raise web.HTTPError(400, f"The body is larger than {_BODY // 1_000_000} MB; no parameters need that")
        try:
            content = self.get_json_body()
        except UnicodeDecodeError:
            raise web.HTTPError(400, "The body must be JSON in UTF-8") from None
        if content is not None and not isinstance(content, dict):
            raise web.HTTPError(400, "The body must be a JSON object")
        return content or {}

    async def answer_job(self, job: Job) -> None:
        """Answer with a job's present state."""
        self.answer(await self.away(replies.job_reply, job, self.catalogue))


class Methods(_Request):
    """The installed methods."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        def work() -> list[dict[str, Any]]:
            return [replies.method_reply(method, self.catalogue) for method in methods().values()]

        self.answer(await self.away(work))


class Course(_Request):
    """Copies a method's course into a folder of the user's, and never over what is there."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        method = (await self.away(methods)).get(name)
        source = shipped_folder("course") / method.course if method else None
        if source is None or not source.is_file():
            raise web.HTTPError(404, f"There is no course {name!r}")
        folder = str((await self.body()).get("folder", "")).strip("/")
        contents = self.contents_manager  # wherever the hub keeps its users' files
        if not await ensure_async(contents.dir_exists(folder)):
            raise web.HTTPError(400, f"There is no folder {folder!r}")
        path = f"{folder}/{source.name}".lstrip("/")
        copied = not await ensure_async(contents.file_exists(path))
        if copied:
            notebook = json.loads(await self.away(source.read_text, encoding="utf-8"))
            await ensure_async(contents.save({"type": "notebook", "format": "json", "content": notebook}, path))
        self.answer({"path": path, "copied": copied})


class Templates(_Request):
    """The templates that are offered by name."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        found = await self.away(self.catalogue.templates)
        self.answer([replies.template_reply(template, template.name) for template in found])


class TemplateForm(_Request):
    """One template, by name or by its path below the root, with what its form needs."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        def work() -> dict[str, Any] | None:
            template = self.catalogue.template(name)
            return None if template is None else replies.form_reply(template, name)

        try:
            reply = await self.away(work)
        except ValueError as error:  # no notebook, no parameters, or a cell that is no Python
            self.refuse(400, error)
            return
        if reply is None:
            raise web.HTTPError(404, f"There is no template {name!r}")
        self.answer(reply)


class Jobs(_Request):
    """Lists the newest jobs, and takes new ones."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        limit = _integer(self.get_query_argument("limit", "100"))

        def work() -> list[dict[str, Any]]:
            return [replies.job_reply(job, self.catalogue) for job in self.catalogue.jobs()[: max(0, limit)]]

        self.answer(await self.away(work))

    @web.authenticated
    @authorized
    async def post(self) -> None:
        body = await self.body()
        name, values = body.get("template"), body.get("parameters", {})
        if not isinstance(name, str) or not isinstance(values, dict):
            raise web.HTTPError(400, "Expected {template: name or path, parameters: {name: value}}")

        def work() -> Job:
            template = self.catalogue.template(name)
            if template is None:
                raise OptionError(f"template: got {name!r}; there is no such template")
            return self._submit(template, values)

        try:
            job = await self.away(work)
        except ValueError as error:
            self.refuse(400, error)
            return
        self.set_status(201)
        await self.answer_job(job)

    def _submit(self, template: Template, values: dict[str, Any]) -> Job:
        folder = self.catalogue.working_folder(template)
        return submit(template, values, self.catalogue.jobs_root, cwd=folder)


class OneJob(_Request):
    """Where a job stands."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        await self.answer_job(await self.job(name))


class Log(_Request):
    """A piece of a job's log."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        offset = _integer(self.get_query_argument("offset", "0"))
        self.answer(await self.away(replies.log_reply, await self.job(name), offset))


class Stop(_Request):
    """Asks a job to stop and to keep what it has."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        job = await self.job(name)
        await self.away(job.stop)
        await self.answer_job(job)


class Resume(_Request):
    """Runs a job that did not finish once more."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        job = await self.job(name)
        try:
            await self.answer_job(await self.away(job.resume))
        except (JobError, OptionError, ParameterError) as error:
            self.refuse(409, error)


class Report(_Catalogued, JupyterHandler):
    """The report itself: a notebook's HTML, which may hold any script and so never runs in the server's origin."""

    @property
    def content_security_policy(self) -> str:
        """A sandbox without the origin; inline scripts draw the figures, and nothing is fetched or sent."""
        own = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'"
        return (
            f"{super().content_security_policy}; {own}; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
        )

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        job = await self.job(name)
        report = job.report
        if report is None or not report.resolve().is_relative_to(job.folder.resolve()):
            raise web.HTTPError(404, f"The job {name!r} has no report")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-cache")
        self.finish(await self.away(report.read_bytes))


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise web.HTTPError(400, f"Expected a whole number, got {text!r}") from None


_JOB = r"jobs/([^/]+)"
HANDLERS = [
    (r"methods", Methods),
    (r"methods/([^/]+)/course", Course),
    (r"templates", Templates),
    (r"templates/(.+)", TemplateForm),
    (r"jobs", Jobs),
    (_JOB, OneJob),
    (rf"{_JOB}/log", Log),
    (rf"{_JOB}/stop", Stop),
    (rf"{_JOB}/resume", Resume),
    (rf"{_JOB}/report", Report),
]
