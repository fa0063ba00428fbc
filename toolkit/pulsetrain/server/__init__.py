"""The Jupyter Server extension: REST over reports, for the sidebars.

It knows notebooks as files and methods by their record, and imports neither a method nor anything heavy.
"""

from __future__ import annotations

from typing import Any

from pulsetrain.server.extension import PulsetrainServer

__all__ = ["PulsetrainServer"]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "pulsetrain.server", "app": PulsetrainServer}]
