"""Templates, forms and jobs over HTTP, with real notebooks in real kernels."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pulsetrain.reports import shipped_folder

TUNING = """
min_snr: float = 5.0  # SNR >= 5
min_peaks: int = 10  # Fewest peaks of a hit. {1 .. 200}
clen: float = 0.119  # Camera length. [m] {0.05 .. 10}
polarised: bool | None = None
masked = True
panels: list[int] = [0, 1, 2]
title = "a = b; c != 'd'"
indexer: Literal["mosflm", "xgandalf"] = "xgandalf"
seed: int = int(time.time())
"""


@pytest.fixture(scope="module")
def done(server, write_template):
    """A job that has run to its end."""
    write_template(
        server.root / "templates" / "greeting.ipynb",
        'name: str = "nobody"  # Whom to greet.\ntimes: int = 1  # How often. {1 .. 9}',
        "for _ in range(times):\n    print('grüße:', repr(name))",
        "from IPython.display import HTML\nHTML('<b>shown</b><script>1</script>')",
    )
    job = server.submit("greeting", name="\"'); raise SystemExit  # ünï\n{{x}}", times=2)
    return server.wait(job, "done")


def test_every_parameter_of_a_cell_reaches_the_form(server, write_template):
    write_template(server.root / "tuning.ipynb", TUNING)
    form = server.get("templates/tuning.ipynb").json()
    assert (form["title"], form["summary"]) == ("tuning title", "In short.")
    fields = form["schema"]["properties"]
    assert list(fields) == [
        "min_snr", "min_peaks", "clen", "polarised", "masked", "panels", "title", "indexer", "seed",
    ]  # fmt: skip
    assert fields["min_snr"]["default"] == 5.0
    assert fields["min_snr"]["description"] == "SNR >= 5"
    assert (fields["min_peaks"]["minimum"], fields["min_peaks"]["maximum"]) == (1, 200)
    assert fields["clen"]["unit"] == "m"
    assert fields["polarised"]["anyOf"] == [{"type": "boolean"}, {"type": "null"}]
    assert fields["title"]["default"] == "a = b; c != 'd'"
    assert fields["indexer"]["enum"] == ["mosflm", "xgandalf"]
    assert fields["seed"]["expression"] == "int(time.time())"
    assert "default" not in fields["seed"]


def test_defaults_that_json_cannot_carry_are_shown_as_their_source(server, write_template):
    write_template(server.root / "odd.ipynb", "limit: float = 1e999\nmask: bytes = b'\\xff'\nall: set[int] = {1}")
    text = server.get("templates/odd.ipynb").text
    fields = json.loads(text, parse_constant=pytest.fail)["schema"]["properties"]
    assert fields["limit"]["expression"] == "inf"
    assert "default" not in fields["limit"]


def test_what_is_not_finite_in_a_record_or_a_bound_is_answered_as_json(server, done, write_template):
    record = server.jobs / done["id"] / "job.json"
    kept = record.read_text()
    try:
        content = json.loads(kept)
        content["parameters"] = {"a": float("nan"), "b": [float("-inf"), 1.5]}
        record.write_text(json.dumps(content).replace("1.5", "1e999"))
        job = json.loads(server.get(f"jobs/{done['id']}").text, parse_constant=pytest.fail)
        json.loads(server.get("jobs").text, parse_constant=pytest.fail)
    finally:
        record.write_text(kept)
    assert job["parameters"] == {"a": "nan", "b": ["-inf", "inf"]}
    write_template(server.root / "bound.ipynb", "energy: float = 9.3  # [keV] {4 .. 1e999}")
    form = json.loads(server.get("templates/bound.ipynb").text, parse_constant=pytest.fail)
    energy = form["schema"]["properties"]["energy"]
    assert (energy["minimum"], "maximum" in energy) == (4, False)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("no json", "no notebook"),
        ('{"cells": [], "nbformat": 4}', "no cell is tagged 'parameters'"),
        ('{"cells": [], "nbformat": "4"}', "nbformat is '4', needed a whole number"),
        ('{"cells": [], "nbformat": null}', "nbformat is None, needed a whole number"),
        ('{"worksheets": [{}], "nbformat": 3}', "no notebook (format 3"),
    ],
)
def test_what_is_no_template_is_said_to_be_none(server, content, says):
    (server.root / "broken.ipynb").write_text(content)
    answer = server.get("templates/broken.ipynb")
    assert answer.status_code == 400
    assert says in answer.json()["message"]


@pytest.mark.parametrize(
    ("values", "faults"),
    [
        ({"clen": 99}, {"clen": "got 99, allowed 0.05 … 10 m"}),
        ({"min_snrr": 1}, {"min_snrr": "no such parameter; did you mean 'min_snr'?"}),
        ({"clen": 0, "min_peaks": 0}, {"clen": "got 0, allowed 0.05 … 10 m", "min_peaks": "got 0, allowed 1 … 200"}),
    ],
)
def test_refused_values_are_named_before_a_job_exists(server, write_template, values, faults):
    write_template(server.root / "tuning.ipynb", TUNING)
    before = _entries(server.jobs)
    answer = server.post("jobs", {"template": "tuning.ipynb", "parameters": values})
    assert answer.status_code == 400
    assert answer.json()["faults"] == faults
    assert _entries(server.jobs) == before


@pytest.mark.parametrize("body", [None, [], {}, {"template": 1}, {"template": "x", "parameters": [1]}])
def test_a_body_of_another_shape_is_refused(server, body):
    assert server.post("jobs", body).status_code == 400


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"template": "x", "parameters": {"a": "' + b"y" * 1_000_000 + b'"}}', "larger than 1 MB"),
        (b'{"template": "\xff"}', "UTF-8"),
        (b"{", "JSON"),
        (b"[" * 100_000, "JSON"),
    ],
    ids=["large", "latin", "torn", "deep"],
)
def test_a_body_that_is_large_or_no_json_is_refused_in_words(server, body, says):
    answer = server.request("POST", "jobs", data=body)
    assert answer.status_code == 400
    assert says in answer.json()["message"]


@pytest.mark.parametrize(
    "record",
    [
        {"template": 5},
        {"template": {"path": 5}},
        {"template": {"path": "\0"}},
        {"template": None},
        {"parameters": 5},
    ],
)
def test_a_record_that_is_nonsense_hides_no_job(server, done, record):
    folder = server.jobs / "nonsense"
    folder.mkdir()
    try:
        (folder / "job.json").write_text(json.dumps(record))
        listed = {job["id"]: job for job in server.get("jobs").json()["jobs"]}
        assert listed[done["id"]] == done
        assert listed["nonsense"]["title"] == "nonsense"
        assert listed["nonsense"]["state"] == "dead"
        assert (listed["nonsense"]["template"], listed["nonsense"]["parameters"]) == ("", {})
        assert server.get("jobs/nonsense").json() == listed["nonsense"]
    finally:
        shutil.rmtree(folder)


def test_a_job_runs_to_a_report_and_says_all_about_itself(server, done):
    assert done["title"] == "greeting title"
    assert done["template"] == "greeting"
    assert done["parameters"] == {"name": "\"'); raise SystemExit  # ünï\n{{x}}", "times": 2}
    assert (done["cell"], done["cells"]) == (done["cells"], done["cells"])
    assert server.root / done["notebook"] == server.jobs / done["id"] / "notebook.ipynb"
    assert done["report"] is True
    assert done["id"] in [job["id"] for job in server.get("jobs").json()["jobs"]]
    assert server.get("jobs", params={"limit": 0}).json()["jobs"] == []


def test_a_string_with_quotes_newlines_and_code_stays_that_string(server, done):
    notebook = json.loads((server.root / done["notebook"]).read_text())
    printed = "".join(
        text for cell in notebook["cells"] for output in cell.get("outputs", []) for text in output.get("text", [])
    )
    assert printed == f"grüße: {done['parameters']['name']!r}\n" * 2


def test_a_report_is_shown_in_a_sandbox_without_the_servers_origin(server, done):
    answer = server.get(f"jobs/{done['id']}/report")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = {part.split()[0]: part.split()[1:] for part in answer.headers["Content-Security-Policy"].split(";")}
    assert policy["sandbox"] == ["allow-scripts"]
    assert policy["default-src"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'self'"]
    assert "greeting title" in answer.text


def test_the_log_is_read_in_pieces_that_split_no_character(server, done):
    text = "é漢🙂" * 30_000 + "end"
    (server.jobs / done["id"] / "log.txt").write_text(text, encoding="utf-8")
    read, offset = "", 0
    while piece := server.get(f"jobs/{done['id']}/log", params={"offset": offset}).json():
        if not piece["text"]:
            break
        read, offset = read + piece["text"], piece["offset"]
    assert read == text
    assert offset == len(text.encode())
    assert server.get(f"jobs/{done['id']}/log", params={"offset": -3}).json() == {"text": "end", "offset": offset}
    assert server.get(f"jobs/{done['id']}/log", params={"offset": offset + 9}).json()["text"].startswith("é")
    assert server.get(f"jobs/{done['id']}/log", params={"offset": "x"}).status_code == 400


def test_a_job_that_is_done_is_not_resumed(server, done):
    answer = server.post(f"jobs/{done['id']}/resume")
    assert answer.status_code == 409
    assert "is done" in answer.json()["message"]


def test_a_job_is_stopped_with_what_it_has_and_resumed_to_its_end(server, write_template):
    write_template(
        server.root / "own" / "slow.ipynb",
        "pause: float = 0.0",
        "from pathlib import Path\nprint('first', Path('slow.ipynb').exists(), flush=True)",
        "import time\nfrom pathlib import Path\nif not Path('go').exists():\n    time.sleep(60)",
    )
    job = server.submit("own/slow.ipynb")
    assert server.post(f"jobs/{job}/resume").status_code == 409
    server.wait(job, "running")
    notebook = server.jobs / job / "notebook.ipynb"
    while "first True" not in notebook.read_text():  # it runs in the folder of the user's own notebook
        server.wait(job, "running")
    assert server.post(f"jobs/{job}/stop").json()["state"] in {"stopping", "stopped"}
    stopped = server.wait(job, "stopped")
    assert "first True" in notebook.read_text()
    assert stopped["template"] == "own/slow.ipynb"
    (server.root / "own" / "go").touch()
    assert server.post(f"jobs/{job}/resume").json()["state"] in {"queued", "running"}
    server.wait(job, "done")


def test_folders_of_jobs_and_templates_can_be_configured(configured, monkeypatch):
    assert "shared" in [template["id"] for template in configured.get("templates").json()]
    monkeypatch.setitem(configured.headers, "X-Role", "writer")
    job = configured.wait(configured.submit("shared"), "done")
    assert (configured.home / "elsewhere" / job["id"] / "report.html").is_file()
    assert job["notebook"] is None  # out of the file browser's reach


def test_methods_offer_what_is_installed(server):
    spectra = next(method for method in server.get("methods").json() if method["name"] == "spectra")
    assert "SpectraPanel" in spectra["opening"]
    assert spectra["template"] in [template["id"] for template in server.get("templates").json()]
    assert spectra["course"] is True


@pytest.mark.parametrize("course", sorted(shipped_folder("course").glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_course_says_that_it_is_one_so_that_no_control_is_written_into_it(course):
    assert json.loads(course.read_text(encoding="utf-8"))["metadata"]["pulsetrain"] == {"course": course.stem}


def test_a_course_is_copied_once_and_never_over_the_users_work(server):
    (server.root / "lessons").mkdir()
    answer = server.post("methods/spectra/course", {"folder": "lessons"})
    assert answer.json() == {"path": "lessons/spectra.ipynb", "copied": True}
    copy = server.root / "lessons" / "spectra.ipynb"
    assert json.loads(copy.read_text())["cells"]
    copy.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    again = server.post("methods/spectra/course", {"folder": "lessons"})
    assert again.json() == {"path": "lessons/spectra.ipynb", "copied": False}
    assert json.loads(copy.read_text())["cells"] == []
    assert server.post("methods/spectra/course", {"folder": "../.."}).status_code in {400, 404}
    assert server.post("methods/unheard/course").status_code == 404


def _entries(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []
