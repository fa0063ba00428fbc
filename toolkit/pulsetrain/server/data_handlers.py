"""The requests of the data sidebar: folders, sources, keys and small pictures of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from tornado import web

from pulsetrain.server._requests import Request
from pulsetrain.server.reader import Answer, Reader

__all__ = ["HANDLERS"]

_LARGEST = 2048  # pixels of a thumbnail's side


class _Data(Request):
    """What the requests for data share."""

    async def ask(self, what: str, **question: Any) -> Answer | None:
        """Ask the process that reads; None where it refused, which is answered."""
        reader: Reader = self.settings["pulsetrain_reader"]
        answer = await reader.ask(what, path=self.get_query_argument("path", "", strip=False), **question)
        if answer.status == 200:
            return answer
        self.set_status(answer.status)
        self.answer({"message": answer.content})
        return None

    def argument(self, name: str) -> str:
        """Return an argument of the address, as it is."""
        return str(self.get_query_argument(name, strip=False))


class Folder(_Data):
    """What a folder holds, or without a path: the folders that are open."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        if answer := await self.ask("list"):
            self.answer(answer.content)


class Sources(_Data):
    """The sources of a run, or the groups of a file."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        if answer := await self.ask("sources"):
            self.answer(answer.content)


class Keys(_Data):
    """The keys of a source."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        if answer := await self.ask("keys", source=self.argument("source")):
            self.answer(answer.content)


class Code(_Data):
    """The Python that opens a key."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        if answer := await self.ask("code", source=self.argument("source"), key=self.argument("key")):
            self.answer(answer.content)


class Picture(_Data):
    """A small picture of a key; what it shows is said in the header ``X-Description``, percent-encoded."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        width, height = (min(max(self.whole_number(side, 480), 16), _LARGEST) for side in ("width", "height"))
        answer = await self.ask(
            "thumbnail",
            source=self.argument("source"),
            key=self.argument("key"),
            entry=self.whole_number("entry", 0),
            width=width,
            height=height,
            dark=self.get_query_argument("theme", "light") == "dark",
        )
        if answer:
            self.set_header("X-Content-Type-Options", "nosniff")
            self.set_header("Cache-Control", "no-store")
            self.set_header("X-Description", quote(answer.content))
            self.finish(answer.body, set_content_type="image/png")


HANDLERS = [
    (r"data", Folder),
    (r"data/sources", Sources),
    (r"data/keys", Keys),
    (r"data/code", Code),
    (r"data/thumbnail", Picture),
]
