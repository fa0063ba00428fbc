"""The request of the status bar: how many jobs of one's own, alone and in batches, are in each state."""

from __future__ import annotations

from collections import Counter

from jupyter_server.auth.decorator import authorized
from tornado import web

from pulsetrain.server._requests import Request
from pulsetrain.server.batch_replies import batches_reply
from pulsetrain.server.catalogue import Catalogue
from pulsetrain.server.job_replies import rows_of

__all__ = ["HANDLERS", "counts_of"]


class Counts(Request):
    """Counts jobs by state."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer({"counts": await self.away(counts_of, self.catalogue)})


def counts_of(catalogue: Catalogue) -> Counter[str]:
    """Return how many own jobs are in each state."""
    own = [job for job in catalogue.jobs() if job.mine]
    counts = Counter(str(status.state) for _, status in rows_of(own, catalogue))
    for batch in batches_reply(catalogue)["batches"]:
        if batch["mine"]:
            counts.update(batch["counts"])
    return counts


HANDLERS = [(r"counts", Counts)]
