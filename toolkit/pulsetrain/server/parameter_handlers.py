"""The requests of the parameters' sidebar: source in, form out; values in, source out. Nothing is run or kept."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from pulsetrain.reports.parameters import read_cell
from pulsetrain.reports.rewriting import rewrite_cell
from pulsetrain.server import replies
from pulsetrain.server._requests import Request

__all__ = ["HANDLERS"]


class _OfSource(Request):
    """A request about the source of a cell, which a browser may hold unsaved."""

    async def source(self) -> tuple[str, dict[str, Any]]:
        """Return the source that was sent, and all that came with it."""
        body = await self.body()
        source = body.get("source")
        if not isinstance(source, str):
            raise web.HTTPError(400, "Expected {source: text of the cell tagged 'parameters'}")
        return source, body


class Read(_OfSource):
    """What a cell's form needs."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        source, _ = await self.source()

        def work() -> dict[str, Any]:
            schema = replies.schema_reply(read_cell(source))
            fields = schema.get("properties", {})
            values = {name: field["default"] for name, field in fields.items() if "default" in field}
            return {"schema": schema, "values": values}

        try:
            self.answer(await self.away(work))
        except ValueError as error:  # no Python
            self.refuse(400, error)


class Write(_OfSource):
    """A cell's source with other values in it."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        source, body = await self.source()
        values = body.get("values")
        if not isinstance(values, dict):
            raise web.HTTPError(400, "Expected {source: text of the cell, values: {name: value}}")
        try:
            self.answer({"source": await self.away(rewrite_cell, source, values)})
        except ValueError as error:
            self.refuse(400, error)


HANDLERS = [
    (r"parameters/read", Read),
    (r"parameters/write", Write),
]
