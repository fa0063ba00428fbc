"""The requests about batches: plan, submit, list, stop, resume, compare."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from pydantic import ConfigDict
from tornado import web

from pulsetrain.options import OptionError, Options, option
from pulsetrain.reports import Batch, Plan, compare_jobs, plan_batch
from pulsetrain.reports.executors import Executor, executor_named
from pulsetrain.server._requests import Page, Request
from pulsetrain.server.batch_replies import batch_reply, batches_reply, executors_reply, plan_reply
from pulsetrain.server.catalogue import Catalogue
from pulsetrain.server.job_replies import jobs_reply, rows_of

__all__ = ["HANDLERS"]


class Order(Options):
    """What a batch is to be made of, as it is asked for."""

    model_config = ConfigDict(strict=True)

    template: str = option(help="Name of a template, or path of a notebook.")
    parameters: dict[str, Any] = option({}, "Values that all jobs share.")
    runs: str = option("", "Runs, such as 10-25,31.")
    grid: dict[str, list[Any]] = option({}, "Values by name of the parameter that is varied.")
    executor: dict[str, Any] = option({"name": "local"}, "Name and settings of what runs the jobs.")
    dry_run: bool = option(False, "Only say what would be done.")

    def plan(self, catalogue: Catalogue) -> Plan:
        """Return the plan; raises `OptionError`."""
        template = catalogue.template(self.template)
        if template is None:
            raise OptionError(f"template: got {self.template!r}; there is no such template")
        return plan_batch(
            template,
            self.parameters,
            runs=self.runs,
            grid=self.grid,
            root=catalogue.jobs_root,
            executor=self.where(),
            cwd=catalogue.working_folder(template),
        )

    def where(self) -> Executor:
        """Return the executor; raises `OptionError` where it cannot be used."""
        try:
            executor = executor_named(self.executor)
        except ImportError as error:
            raise OptionError(f"executor: {self.executor.get('name')!r} is not installed: {error}") from None
        trouble = "" if self.dry_run else executor.trouble()
        if trouble:
            raise OptionError(f"executor: {executor.name} cannot be used here: {trouble}")
        return executor


class Batches(Request):
    """Lists the batches, and takes new ones."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(await self.away(batches_reply, self.catalogue))

    @web.authenticated
    @authorized
    async def post(self) -> None:
        body = await self.body()

        def work() -> dict[str, Any] | Batch:
            order = Order(**body)
            plan = order.plan(self.catalogue)
            return plan_reply(plan) if order.dry_run else plan.submit()

        made = await self.tried(400, work)
        if isinstance(made, Batch):
            self.set_status(201)
            made = await self.away(batch_reply, await self.batch(made.id), self.catalogue)
        self.answer(made)


class OneBatch(Request):
    """Where a batch stands."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        self.answer(await self.away(batch_reply, await self.batch(name), self.catalogue))


class BatchJobs(Request):
    """A page of a batch's jobs."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        batch, pick = await self.batch(name), self.pick()

        def work() -> dict[str, Any]:
            return jobs_reply(rows_of(batch.jobs().values(), self.catalogue), pick, self.catalogue)

        self.answer(await self.away(work))


class StopBatch(Request):
    """Asks every job of a batch to stop."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        batch = await self.batch(name)
        self.hold(batch)
        await self.tried(409, batch.batch.stop)
        batch.look_again()
        self.answer(await self.away(batch_reply, batch, self.catalogue))


class ResumeBatch(Request):
    """Runs the jobs of a batch that did not finish once more."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        batch = await self.batch(name)
        self.hold(batch)
        await self.tried(409, batch.batch.resume)
        batch.look_again()
        self.answer(await self.away(batch_reply, batch, self.catalogue))


class Comparison(Page):
    """The jobs of a batch side by side."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        batch = await self.batch(name)

        def work() -> str:
            return self.catalogue.comparisons.page(batch, rows_of(batch.jobs().values(), self.catalogue))

        self.show(await self.away(work))


class ComparisonTable(Page):
    """The same as a table."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        batch = await self.batch(name)

        def work() -> None:
            self.catalogue.comparisons.files(batch, rows_of(batch.jobs().values(), self.catalogue))

        await self.away(work)
        self.set_header("Content-Disposition", f'attachment; filename="{batch.id}.csv"')
        await self.show_file(
            batch.batch.folder / "comparison.csv", f"The batch {name!r} has no table yet", "text/csv; charset=utf-8"
        )


class Compare(Page):
    """Two jobs side by side."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        names = self.get_query_arguments("job")
        if len(names) != 2:
            raise web.HTTPError(400, "Expected two jobs: compare?job=A&job=B")
        first, second = [await self.job(name) for name in names]

        self.show(await self.away(compare_jobs, first.job, second.job))


class Executors(Request):
    """Where jobs can run."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(await self.away(executors_reply))


_BATCH = r"batches/([^/]+)"
HANDLERS = [
    (r"batches", Batches),
    (_BATCH, OneBatch),
    (rf"{_BATCH}/jobs", BatchJobs),
    (rf"{_BATCH}/stop", StopBatch),
    (rf"{_BATCH}/resume", ResumeBatch),
    (rf"{_BATCH}/comparison", Comparison),
    (rf"{_BATCH}/comparison\.csv", ComparisonTable),
    (r"compare", Compare),
    (r"executors", Executors),
]
