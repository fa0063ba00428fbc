"""The requests: each is authenticated and authorised, and leaves the event loop for what touches files."""

from __future__ import annotations

import json
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import authorized
from tornado import web

from pulsetrain.methods import methods
from pulsetrain.options import OptionError
from pulsetrain.reports import Job, Template, shipped_folder, submit
from pulsetrain.server import replies
from pulsetrain.server._requests import Page, Request
from pulsetrain.server.cell_reply import cell_reply
from pulsetrain.server.job_replies import jobs_reply, rows_of

__all__ = ["HANDLERS"]


class Methods(Request):
    """The installed methods."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        def work() -> list[dict[str, Any]]:
            return [replies.method_reply(method, self.catalogue) for method in methods().values()]

        self.answer(await self.away(work))


class Course(Request):
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


class Templates(Request):
    """The templates that are offered by name."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        found = await self.away(self.catalogue.templates)
        self.answer([replies.template_reply(template, template.name) for template in found])


class TemplateForm(Request):
    """One template, by name or by its path below the root, with what its form needs."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        def work() -> dict[str, Any] | None:
            template = self.catalogue.template(name)
            return None if template is None else replies.form_reply(template, name)

        reply = await self.tried(400, work)  # no notebook, no parameters, or a cell that is no Python
        if reply is None:
            raise web.HTTPError(404, f"There is no template {name!r}")
        self.answer(reply)


class Jobs(Request):
    """Lists the jobs that stand alone, and takes new ones."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        pick = self.pick()

        def work() -> dict[str, Any]:
            return jobs_reply(rows_of(self.catalogue.jobs(), self.catalogue), pick, self.catalogue)

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

        job = await self.tried(400, work)
        self.set_status(201)
        await self.answer_job(await self.job(job.id))

    def _submit(self, template: Template, values: dict[str, Any]) -> Job:
        folder = self.catalogue.working_folder(template)
        return submit(template, values, self.catalogue.jobs_root, cwd=folder)


class OneJob(Request):
    """Where a job stands."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        await self.answer_job(await self.job(name))


class Log(Request):
    """A piece of a job's log."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        offset = self.whole_number("offset", 0)
        self.answer(await self.away(replies.log_reply, (await self.job(name)).job, offset))


class Cell(Request):
    """The cell at work, or the last one that was."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        known = await self.job(name)

        def work() -> dict[str, Any]:
            return cell_reply(known.job, self.catalogue.statuses([known])[0])

        self.answer(await self.away(work))


class Stop(Request):
    """Asks a job to stop and to keep what it has."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        known = await self.job(name)
        self.hold(known)
        await self.tried(409, known.job.stop)
        await self.answer_job(known)


class Resume(Request):
    """Runs a job that did not finish once more."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        known = await self.job(name)
        self.hold(known)
        await self.tried(409, known.job.resume)
        await self.answer_job(known)


class Report(Page):
    """The report itself."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        known = await self.job(name)
        await self.show_file(known.job.folder / "report.html", f"The job {name!r} has no report")


_JOB = r"jobs/([^/]+)"
HANDLERS = [
    (r"methods", Methods),
    (r"methods/([^/]+)/course", Course),
    (r"templates", Templates),
    (r"templates/(.+)", TemplateForm),
    (r"jobs", Jobs),
    (_JOB, OneJob),
    (rf"{_JOB}/log", Log),
    (rf"{_JOB}/cell", Cell),
    (rf"{_JOB}/stop", Stop),
    (rf"{_JOB}/resume", Resume),
    (rf"{_JOB}/report", Report),
]
