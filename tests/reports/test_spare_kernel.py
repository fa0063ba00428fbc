"""A kernel in reserve is a help and no need."""

from __future__ import annotations

import asyncio

from pulsetrain.reports._execution import _manager
from pulsetrain.reports._spare_kernel import SpareKernel


def test_where_the_kernel_in_reserve_was_killed_another_starts(tmp_path):
    SpareKernel.keep()
    assert SpareKernel.ready is not None
    SpareKernel.ready.kill()
    SpareKernel.ready.wait()

    async def started() -> bool:
        kernel = _manager({"name": "python3", "python": ""}, tmp_path)
        await kernel.start_kernel(cwd=str(tmp_path))
        try:
            return await kernel.is_alive()
        finally:
            await kernel.shutdown_kernel(now=True)

    assert asyncio.run(started())
