"""Values of live controls go to a front end and come from it, over a comm of a real kernel."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import closing

import pytest
from jupyter_client.manager import start_new_kernel

from pulsetrain.panels._handover import TARGET
from pulsetrain.reports import read_parameters, shipped_folder

OPENING = """
import json, time
from pulsetrain.data import write_spectra
from pulsetrain.panels import BoostingPanel, ClusteringPanel, SpectraPanel, TuningPanel
from pulsetrain.panels._controls import OptionControls
from pulsetrain.simulate.spectra import SeriesOptions, simulate_series
series = simulate_series(SeriesOptions(n_spectra=24, n_channels=100), seed=1).intensity
write_spectra(series, {folder!r})
panels = {{
    "spectra": SpectraPanel({folder!r}, "0:0, 23:1"),
    "clustering": ClusteringPanel(epochs=3),
    "boosting": BoostingPanel(steps=100),
    "tuning": TuningPanel(),
}}
"""
CHANGES = {
    "spectra": {"network": "lstm", "steps": 20, "labels": "0-3:0, 20-23:1", "learning_rate": 0.02},
    "clustering": {"neighbours": 12, "thinning": 0.35, "confidence": 0.8},
    "boosting": {"method": "cut", "steps": 300, "level": 0.8},
    "tuning": {"min_snr": 4.2, "min_pix_count": 3, "optimiser": "random", "evaluations": 7},
}


class Client:
    """A kernel and one comm to it, as a front end has them."""

    def __init__(self, comm_id="front"):
        self.manager, self.kernel = start_new_kernel()
        self.comm_id, self.told = comm_id, []

    def close(self):
        self.kernel.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()

    def run(self, code):
        """Run code and return what it prints."""
        asked, text = self.kernel.execute(code), ""
        while True:
            message = self.kernel.get_iopub_msg(timeout=120)
            content = message["content"]
            if message["msg_type"] == "comm_msg" and content["comm_id"] == self.comm_id:
                self.told.append(content["data"])
            if message["parent_header"].get("msg_id") != asked:
                continue
            assert message["msg_type"] != "error", "\n".join(content["traceback"])
            if message["msg_type"] == "stream" and content["name"] == "stdout":
                text += content["text"]
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                return text

    def value(self, expression):
        return json.loads(self.run(f"print(json.dumps({expression}))"))

    def send(self, kind, data):
        content = {"comm_id": self.comm_id, "target_name": TARGET, "data": data}
        self.kernel.shell_channel.send(self.kernel.session.msg(kind, content))

    def hear(self, kind, **wanted):
        """Return the next message of a kind."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            while self.told:
                data = self.told.pop(0)
                if data["type"] == kind and wanted.items() <= data.items():
                    return data
            message = self.kernel.get_iopub_msg(timeout=60)
            if message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == self.comm_id:
                self.told.append(message["content"]["data"])
        pytest.fail(f"no {kind} came")

    def controls(self):
        self.told.clear()
        self.send("comm_msg", {"type": "list"})
        return {control["template"]: control for control in self.hear("controls")["controls"]}

    def set(self, control, values):
        request = str(time.monotonic_ns())
        self.send("comm_msg", {"type": "set", "request": request, "control": control, "values": values})
        return self.hear("answer", request=request)["refused"]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A kernel with one control of each method, and a front end that looks."""
    with closing(Client()) as client:
        client.run(OPENING.format(folder=str(tmp_path_factory.mktemp("handover") / "series")))
        client.send("comm_open", {})
        assert len(client.hear("controls")["controls"]) == 4
        yield client


@pytest.mark.parametrize("method", CHANGES)
def test_a_control_hands_over_what_its_report_would_be_given(client, method):
    control = client.controls()[method]
    model = read_parameters(shipped_folder("reports") / f"{method}.ipynb")
    report = model(**control["values"])
    if control["trouble"]:
        assert control["trouble"].startswith("path: ")  # made in memory, by the example
        injected = client.value(f"panels['{method}'].options.model_dump(exclude_defaults=True)")
    else:
        injected = client.value(f"panels['{method}'].report.values()")
    assert report == model(**injected)
    assert control["id"] == client.value(f"panels['{method}'].widget.model_id")


@pytest.mark.parametrize("method", CHANGES)
def test_a_control_takes_values_and_shows_them(client, method):
    changes, control = CHANGES[method], client.controls()[method]
    assert set(changes) <= set(control["settable"])
    assert client.set(control["id"], changes) == ""
    assert client.value(f"panels['{method}'].options.model_dump(include={set(changes)!r})") == changes
    forms = f"[form for form in vars(panels['{method}']).values() if isinstance(form, OptionControls)]"
    client.run(f"shown = {{name: field.value for form in {forms} for name, field in form.fields.items()}}")
    inputs = client.value(f"{{name: value for name, value in shown.items() if name in {set(changes)!r}}}")
    assert inputs == {name: changes[name] for name in inputs}
    assert inputs
    assert {name: client.controls()[method]["values"][name] for name in changes} == changes


@pytest.mark.parametrize(
    ("method", "values", "said"),
    [
        ("spectra", {"steps": 30, "members": 0}, "members: got 0, allowed 1"),
        ("spectra", {"steps": 30, "labels": "nonsense"}, "labels"),
        ("tuning", {"min_snr": "high"}, "min_snr: got 'high'"),
        ("tuning", {"geometry": "other.geom"}, "geometry: says what this control works on"),
        ("clustering", {"neighbors": 3}, "neighbors: no such parameter; did you mean 'neighbours'?"),
        ("boosting", {"model": "folder"}, "model: says what this control works on"),
    ],
)
def test_a_refused_value_is_named_and_nothing_is_set(client, method, values, said):
    control = client.controls()[method]
    before = client.value(f"panels['{method}'].options.model_dump()")
    assert said in client.set(control["id"], values)
    assert client.value(f"panels['{method}'].options.model_dump()") == before


def test_a_slider_that_is_moved_is_told_seldom_and_to_its_end(client):
    client.controls()
    client.run("for k in range(60): panels['tuning'].controls.fields['min_snr'].value = 4 + k / 60; time.sleep(0.01)")
    told = [0.0]
    while told[-1] < 4.98:
        controls = {control["template"]: control for control in client.hear("controls")["controls"]}
        told.append(controls["tuning"]["values"]["min_snr"])
    assert len(told) < 20


def test_a_control_at_work_keeps_its_options(client):
    control = client.controls()["spectra"]
    client.run("work = lambda progress: [(progress(k, 9999), time.sleep(0.01)) for k in range(9999)]")
    client.run("panels['spectra'].task.run(work, print)")
    assert client.set(control["id"], {"steps": 5}) == "The control is at work; wait for its end, or cancel it."
    client.run("panels['spectra'].task.cancel(); panels['spectra'].task.wait()")
    assert client.set(control["id"], {"steps": 5}) == ""


def test_a_control_that_is_closed_is_no_longer_told(client):
    client.run("extra = SpectraPanel(series, '0:0, 23:1')")
    client.send("comm_msg", {"type": "list"})
    client.told.clear()
    client.send("comm_msg", {"type": "list"})
    (extra,) = (c for c in client.hear("controls")["controls"] if c["trouble"] and c["template"] == "spectra")
    client.run("extra.close()")
    assert extra["id"] not in {control["id"] for control in client.controls().values()}
    assert client.set(extra["id"], {"steps": 5}) == "This control is gone; run its cell again."


def test_outside_a_kernel_the_panels_cost_no_import_and_no_error():
    code = (
        "import sys, pulsetrain.panels\n"
        "heavy = {'comm', 'IPython', 'ipywidgets', 'ipykernel', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
