"""What all requests share: who may ask, work in threads, JSON in and out, and pages in a sandbox."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.extension.handler import ExtensionHandlerMixin
from tornado import web

from pulsetrain.reports import Job
from pulsetrain.reports._files import open_plain
from pulsetrain.server import replies
from pulsetrain.server.catalogue import Catalogue

__all__ = ["Catalogued", "Page", "Request", "plain_file"]

_BODY = 1_000_000  # bytes
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

    async def job(self, name: str) -> Job:
        """Return the job of a name, or answer that there is none."""
        job = await self.away(self.catalogue.job, name)
        if job is None:
            raise web.HTTPError(404, f"There is no job {name!r}")
        return job


class Request(Catalogued, APIHandler):
    """A request that is answered in JSON."""

    def answer(self, content: Any) -> None:
        """Answer in JSON as browsers read it, which knows no NaN."""
        self.finish(json.dumps(content, allow_nan=False))

    def refuse(self, status: int, error: ValueError) -> None:
        """Answer what was refused, with the faults by parameter."""
        self.set_status(status)
        self.answer({"message": str(error), "faults": replies.faults(error)})

    def whole_number(self, name: str, default: int) -> int:
        """Return an argument of the address that is a whole number."""
        text = self.get_query_argument(name, str(default))
        try:
            return int(text)
        except ValueError:
            raise web.HTTPError(400, f"{name}: expected a whole number, got {text!r}") from None

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


class Page(Catalogued, JupyterHandler):
    """A page made of notebooks, which may hold any script and so never runs in the server's origin."""

    @property
    def content_security_policy(self) -> str:
        """A sandbox without the origin; inline scripts draw the figures, and nothing is fetched or sent."""
        own = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'"
        return (
            f"{super().content_security_policy}; {own}; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
        )

    def show(self, page: str | bytes) -> None:
        """Answer with a page."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-cache")
        self.finish(page)


def plain_file(path: Path) -> bytes | None:
    """Return a file's content; None where there is none, or a link, a folder or the like in its place."""
    file = open_plain(path)
    if file is None:
        return None
    with file:
        return file.read()
