"""What all requests share: who may ask, work in threads, JSON in and out, and pages in a sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.extension.handler import ExtensionHandlerMixin
from tornado import iostream, web

from pulsetrain.reports._files import open_plain
from pulsetrain.server import replies
from pulsetrain.server._known import KnownBatch, KnownJob
from pulsetrain.server.catalogue import Catalogue
from pulsetrain.server.job_replies import Pick, job_reply, rows_of

__all__ = ["Catalogued", "Page", "Request"]

_BODY = 1_000_000  # bytes
_PIECE = 8 * 2**20  # bytes of a file; a report is mostly one
P = ParamSpec("P")
R = TypeVar("R")


class Catalogued(ExtensionHandlerMixin):
    """What all requests share."""

    auth_resource = "pulsetrain"

    @property
    def catalogue(self) -> Catalogue:
        """What the server offers."""
        catalogue: Catalogue = self.settings["pulsetrain_catalogue"]
        return catalogue

    async def away(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do blocking work in a thread."""
        return await asyncio.to_thread(work, *args, **kwargs)

    async def job(self, name: str) -> KnownJob:
        """Return the job of a name, or answer that there is none."""
        job = await self.away(self.catalogue.job, name)
        if job is None:
            raise web.HTTPError(404, f"There is no job {name!r}")
        return job

    async def batch(self, name: str) -> KnownBatch:
        """Return the batch of a name, or answer that there is none."""
        batch = await self.away(self.catalogue.batch, name)
        if batch is None:
            raise web.HTTPError(404, f"There is no batch {name!r}")
        return batch

    def hold(self, known: KnownJob | KnownBatch) -> None:
        """Answer that something is not to be touched, where it is somebody else's."""
        if not known.mine:
            raise web.HTTPError(403, f"{known.id} is not yours to stop or resume; submit its template yourself")


class Request(Catalogued, APIHandler):
    """A request that is answered in JSON."""

    def answer(self, content: Any) -> None:
        """Answer in JSON as browsers read it, which knows no NaN."""
        self.finish(json.dumps(content, allow_nan=False))

    def refuse(self, status: int, error: ValueError) -> None:
        """Answer what was refused, with the faults by parameter."""
        self.set_status(status)
        self.answer({"message": str(error), "faults": replies.faults(error)})

    async def tried(self, status: int, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do blocking work in a thread, or answer in words why it cannot be done.

        Parameters
        ----------
        status : int
            Of the answer where something was wrong with what was asked; where the fault is a full disk, a queue that
            does not answer or a package that is missing, it is 503.
        """
        try:
            return await self.away(work, *args, **kwargs)
        except ValueError as error:
            self.refuse(status, error)
        except (OSError, ImportError) as error:
            self.log.warning("pulsetrain: %s", self.request.path, exc_info=True)
            self.refuse(503, ValueError(str(error)))
        raise web.Finish

    def whole_number(self, name: str, default: int) -> int:
        """Return an argument of the address that is a whole number."""
        text = self.get_query_argument(name, str(default))
        try:
            return int(text)
        except ValueError:
            raise web.HTTPError(400, f"{name}: expected a whole number, got {text!r}") from None

    def pick(self) -> Pick:
        """Return which jobs the address asks for."""
        texts = {name: self.get_query_argument(name, "") for name in ("state", "search", "order")}
        return Pick(self.whole_number("offset", 0), self.whole_number("limit", 100), **texts)

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

    async def answer_job(self, job: KnownJob) -> None:
        """Answer with a job's present state."""

        def work() -> dict[str, Any]:
            ((_, status),) = rows_of([job], self.catalogue)
            return job_reply(job, status, self.catalogue, self.catalogue.templates())

        self.answer(await self.away(work))


class Page(Catalogued, JupyterHandler):
    """A page made of notebooks, which may hold any script and so never runs in the server's origin."""

    @property
    def content_security_policy(self) -> str:
        """A sandbox without the origin; inline scripts draw the figures, and nothing is fetched or sent."""
        own = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'"
        return (
            f"{super().content_security_policy}; {own}; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
        )

    async def show_file(self, path: Path, otherwise: str, kind: str = "text/html; charset=utf-8") -> None:
        """Answer with a plain file, or that it is not there; a link in its place may lead anywhere.

        A large one goes out by the piece: nobody's file is worth the memory of the server.
        """
        file = await self.away(open_plain, path)
        if file is None:
            raise web.HTTPError(404, otherwise)
        self._announce(kind)
        with file, contextlib.suppress(iostream.StreamClosedError):
            while len(piece := await self.away(file.read, _PIECE)) == _PIECE:
                self.write(piece)
                await self.flush()
            self.finish(piece)

    def show(self, page: str | bytes, kind: str = "text/html; charset=utf-8") -> None:
        """Answer with a page."""
        self._announce(kind)
        self.finish(page)

    def _announce(self, kind: str) -> None:
        self.set_header("Content-Type", kind)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-cache")
