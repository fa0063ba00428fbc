"""Values of live controls, handed to JupyterLab's sidebar and taken from it over a comm of the kernel.

The sidebar opens the comm `TARGET` and is sent, at once and after each change,

    {"type": "controls", "controls": [{id, template, title, values, settable, trouble}]}

where ``id`` is the model id of the control's widget, ``values`` are those of a report of it, ``settable`` names those
that can be set, and ``trouble`` says why no report can be run, or is empty. It may send ``{"type": "list"}``, or
``{"type": "set", "request": any, "control": id, "values": {...}}``, which is answered by
``{"type": "answer", "request": any, "refused": why, or empty}``.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pulsetrain.panels._controls import OptionControls
    from pulsetrain.panels._report import ReportButton
    from pulsetrain.panels._task import Task

__all__ = ["TARGET", "hand_over", "register"]

TARGET = "pulsetrain.parameters"
_NOWHERE = {"path": "", "source": None, "key": None}  # of an example, which a report simulates by itself
_TOGETHER = 0.2  # s: a slider that is being slid changes more often than anybody reads


class LiveControl(Protocol):
    """What the interactive controls of all methods have."""

    widget: Any
    controls: OptionControls[Any]
    task: Task
    report: ReportButton
    options: Any


@dataclass(frozen=True)
class _Known:
    """A control, which is kept by nobody here, and what is told of it."""

    control: weakref.ref[LiveControl]
    title: str
    inputs: Collection[str]

    @property
    def live(self) -> LiveControl | None:
        control = self.control()
        return None if control is None or control.widget.comm is None else control


_known: dict[str, _Known] = {}
_comms: set[Any] = set()
_waiting = threading.Event()  # for the end of a burst of changes
_lock = threading.RLock()  # JupyterLab has the messages of comms handled beside the cell that runs, in threads


def hand_over(control: LiveControl, title: str, inputs: Collection[str] = ()) -> None:
    """Tell the sidebar of a new control, as long as it lives.

    Parameters
    ----------
    control : LiveControl
    title : str
        What it works on.
    inputs : collection of str
        Of its options, those that say what it works on; they are handed over, and not taken.
    """
    with _lock:
        _known[control.widget.model_id] = _Known(weakref.ref(control), title, inputs)
    control.controls.followers.append(_tell)
    _tell()


def register() -> None:
    """Let sidebars ask this kernel for its controls; does nothing where no kernel runs."""
    if "comm" in sys.modules:  # every kernel that has comms has imported it
        sys.modules["comm"].get_comm_manager().register_target(TARGET, _opened)


def _opened(comm: Any, _message: Any) -> None:
    comm.on_msg(partial(_received, comm))
    comm.on_close(lambda _message: _forget(comm))
    with _lock:
        _comms.add(comm)
        comm.send(_list())


def _forget(comm: Any) -> None:
    with _lock:
        _comms.discard(comm)


def _received(comm: Any, message: Mapping[str, Any]) -> None:
    asked = message["content"]["data"]
    if asked.get("type") != "set":
        comm.send(_list())
        return
    comm.send({"type": "answer", "request": asked.get("request"), "refused": _set(asked)})


def _set(asked: Mapping[str, Any]) -> str:
    """Set a control's options, all or none, and return why they are refused, or an empty string."""
    from pulsetrain.panels._task import plain

    known = _known.get(str(asked.get("control")))
    control = None if known is None else known.live
    if known is None or control is None:
        return "This control is gone; run its cell again."
    if control.task.running:
        return "The control is at work; wait for its end, or cancel it."
    values: dict[str, Any] = dict(asked.get("values") or {})
    if held := [name for name in known.inputs if name in values]:
        return f"{held[0]}: says what this control works on; open another control for another input"
    try:
        before = control.options
        after = before.replace(**values)
        try:
            control.options = after
        except ValueError:
            control.options = before
            raise
    except Exception as error:  # noqa: BLE001 -- whatever it is, the sidebar waits for an answer
        return plain(error)
    return ""


def _list() -> dict[str, Any]:
    with _lock:
        controls = {key: known.live for key, known in _known.items()}
        for key in [key for key, control in controls.items() if control is None]:
            del _known[key]
        described = [_describe(key, _known[key], control) for key, control in controls.items() if control is not None]
    return {"type": "controls", "controls": described}


def _describe(key: str, known: _Known, control: LiveControl) -> dict[str, Any]:
    from pulsetrain.reports._values import safe_json

    values: dict[str, Any] = {}
    settable: list[str] = []
    trouble = ""
    try:
        values = control.options.model_dump()
        settable = [name for name in values if name not in known.inputs]
        values |= _NOWHERE | control.report.values()
    except ValueError as error:  # a text that an option refuses, or an input without a file
        trouble = str(error)
    described = {"template": control.report.template, "title": known.title, "trouble": trouble}
    return {"id": key, **described, "settable": settable, "values": safe_json(values)}


def _tell() -> None:
    """Send the controls to all who look, soon and once for many changes."""
    with _lock:
        if _waiting.is_set() or not _comms:
            return
        _waiting.set()
    timer = threading.Timer(_TOGETHER, _send)
    timer.daemon = True
    timer.start()


def _send() -> None:
    _waiting.clear()
    with _lock:
        listed = _list()
        for comm in _comms:
            comm.send(listed)
