"""Browsing data over HTTP: what is told and to whom; no path leads out, and no file takes the server down."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

import h5py
import numpy as np
import psutil
import pytest
import requests
from PIL import Image
from tests.server.conftest import Server

from pulsetrain.data import run_folder, write_run

ROUTES = ["data", "data/sources", "data/keys", "data/code", "data/thumbnail"]
CAMERA = "SPB_EXP_CAM/CAM/1:daqOutput"
WORKER = "pulsetrain.data._browse_process"
HOSTILE = Path("hostile", "SPB", "202601", "p900100", "proc")  # runs that lead elsewhere, or wait


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 4000, (5, 60, 80)).astype(np.uint16)


@pytest.fixture(scope="module")
def browsed(tmp_path_factory: pytest.TempPathFactory, pictures: np.ndarray) -> Iterator[Server]:
    """A server beside a facility's folder."""
    home = tmp_path_factory.mktemp("browsed")
    exp = home / "exp"
    write_run(
        run_folder(exp, proposal=900100, run=12),
        instruments={CAMERA: {"data.image.pixels": pictures}},
        controls={"SA1_XTD2_XGM/XGM/DOOCS": {"pulseEnergy.photonFlux": np.linspace(1400, 1500, 5)}},
    )
    options = {"PulsetrainServer.data_roots": exp, "PulsetrainServer.data_timeout": 60}
    server = Server(home, options)
    (server.root / "sub").mkdir(parents=True)
    with h5py.File(server.root / "sub" / "a b'%.h5", "w") as file:
        file["scan/energy"] = np.linspace(9.2, 9.4, 7)
        file["scan/energy"].attrs["units"] = "keV"
    with h5py.File(home / "behind.h5", "w") as file:
        file["data"] = pictures
    with h5py.File(server.root / "outward.h5", "w") as file:
        file["pictures"] = h5py.ExternalLink(str(home / "behind.h5"), "/data")
        file.create_dataset("bytes", (4, 4), "u1", external=[("/etc/passwd", 0, 16)])
    (home / "secret.h5").write_text("secret")
    (server.root / "link.h5").symlink_to(home / "secret.h5")
    (server.root / "linked").symlink_to(home)
    run = exp / "r0099"
    run.mkdir()
    (run / "CORR-R0099-DA01-S00000.h5").symlink_to(home / "secret.h5")
    (exp / "into").symlink_to(server.root / "sub")
    for run, place in ((21, f"INSTRUMENT/{CAMERA}/data/image/pixels"), (22, "METADATA/more")):
        folder = run_folder(exp / "hostile", proposal=900100, run=run)
        cameras = {
            CAMERA: {"data.image.pixels": pictures},
            "SPB_EXP_CAM/CAM/2:daqOutput": {"data.image.pixels": pictures},
        }
        write_run(folder, instruments=cameras)
        for path in folder.glob("*.h5"):
            with h5py.File(path, "a") as file:
                if place in file:
                    del file[place]
                file[place] = h5py.ExternalLink(str(home / "behind.h5"), "/data")
    os.mkfifo(server.root / "pipe.h5")
    for run, name in ((31, "CORR-R0031-DA02-S00000.h5"), (32, "karabo_data_map.json")):
        folder = run_folder(exp / "hostile", proposal=900100, run=run)
        write_run(folder, controls={"SA1_XTD2_XGM/XGM/DOOCS": {"pulseEnergy.photonFlux": np.linspace(1400, 1500, 5)}})
        os.mkfifo(folder / name)
    yield server.start()
    server.stop()


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that soon gives up, and an administrator who may forbid to read."""
    home = tmp_path_factory.mktemp("impatient")
    (home / "strict.py").write_text(
        "from jupyter_server.auth import Authorizer\n"
        "class Strict(Authorizer):\n"
        "    def is_authorized(self, handler, user, action, resource):\n"
        "        return resource != 'pulsetrain' or handler.request.headers.get('X-Role') != 'nobody'\n"
    )
    options = {"PulsetrainServer.data_timeout": 8, "ServerApp.authorizer_class": "strict.Strict"}
    server = Server(home, options, {"PYTHONPATH": str(home)})
    server.root.mkdir(parents=True)
    (server.root / "spectrum.xy").write_text("1 2\n2 3\n3 4\n")
    yield server.start()
    server.stop()


def listed(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    return {entry["name"]: entry["kind"] for entry in answer.json()["entries"]}


def test_the_open_folders_are_the_servers_root_and_the_facilitys(browsed):
    assert listed(browsed.get("data")) == {str(browsed.root): "folder", str(browsed.home / "exp"): "folder"}


def test_from_a_proposal_to_a_picture_of_a_frame(browsed, pictures):
    proposal = browsed.home / "exp" / "SPB" / "202601" / "p900100"
    assert listed(browsed.get("data", params={"path": proposal.parent})) == {"p900100": "proposal"}
    assert listed(browsed.get("data", params={"path": proposal})) == {"proc": "proc"}
    assert listed(browsed.get("data", params={"path": proposal / "proc"})) == {"r0012": "run"}
    run = str(proposal / "proc" / "r0012")
    folder = browsed.get("data", params={"path": run}).json()
    assert (folder["kind"], folder["root"], folder["path"]) == ("run", str(browsed.home / "exp"), run)

    answer = browsed.get("data/sources", params={"path": run})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["trains"], told["duration"]) == (5, 0.4)
    assert CAMERA in [source["name"] for source in told["sources"]]
    key, *_ = browsed.get("data/keys", params={"path": run, "source": CAMERA}).json()
    assert (key["name"], key["shape"], key["opens"]) == ("data.image.pixels", [5, 60, 80], "frames")
    asked = {"path": run, "source": CAMERA, "key": key["name"]}
    assert "pulsetrain.open_frames" in browsed.get("data/code", params=asked).json()["code"]

    answer = browsed.get("data/thumbnail", params={**asked, "entry": 2, "width": 160, "height": 120})
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "frame 3 of 5" in unquote(answer.headers["X-Description"])
    drawn = Image.open(BytesIO(answer.content))
    assert drawn.size == (160, 120)  # each pixel twice
    brightest = np.unravel_index(np.argmax(pictures[2]), pictures[2].shape)
    at = drawn.getpixel((int(brightest[1]) * 2, int(brightest[0]) * 2))
    assert at == (253, 231, 36)  # the bright end of viridis


def test_names_with_spaces_quotes_and_percents_are_only_names(browsed):
    path = "sub/a b'%.h5"
    sources = browsed.get("data/sources", params={"path": path}).json()["sources"]
    assert [source["name"] for source in sources] == ["/scan"]
    (key,) = browsed.get("data/keys", params={"path": path, "source": "/scan"}).json()
    assert (key["name"], key["units"]) == ("energy", "keV")
    assert browsed.get("data/keys", params={"path": path, "source": "100%"}).json()["message"].count("'100%'") == 1


@pytest.mark.parametrize("route", ROUTES)
def test_nothing_is_told_without_a_token(browsed, route):
    url = f"{browsed.api}/{route}"
    answer = requests.get(url, headers={"Authorization": "token wrong"}, timeout=10, allow_redirects=False)
    assert answer.status_code == 403


@pytest.mark.parametrize("route", ROUTES)
def test_who_may_not_read_is_told_nothing(impatient, monkeypatch, route):
    monkeypatch.setitem(impatient.headers, "X-Role", "nobody")
    assert impatient.get(route, params={"path": "x", "source": "x", "key": "x"}).status_code == 403


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "path",
    [
        "..",
        "../secret.h5",
        "sub/../../secret.h5",
        "/etc",
        "/etc/passwd",
        "link.h5",
        "linked/secret.h5",
        "\0",
        "x" * 9999,
    ],
)
def test_no_path_leads_out_of_the_open_folders(browsed, route, path):
    answer = browsed.get(route, params={"path": path, "source": "x", "key": "x"})
    # Tornado takes control characters for spaces, and a file of that name there is not.
    assert answer.status_code == (404 if path == "\0" else 403)
    assert "secret" not in answer.json()["message"].replace("secret.h5", "")


@pytest.mark.parametrize("query", ["path=%2e%2e%2fsecret.h5", "path=..%2Fsecret.h5", "path=%C0%AE%C0%AE/secret.h5"])
def test_escapes_of_dots_lead_nowhere_either(browsed, query):
    header = {"Authorization": f"token {browsed.token}"}
    assert requests.get(f"{browsed.api}/data?{query}", headers=header, timeout=10).status_code in {400, 403}


@pytest.mark.parametrize("path", ["nothing", "sub/nothing.h5", "x" * 300])
def test_what_is_not_there_is_said_to_be_missing(browsed, path):
    answer = browsed.get("data", params={"path": path})
    assert answer.status_code == 404
    assert "check the path" in answer.json()["message"]


def test_a_link_out_is_told_to_be_one_and_nothing_else_of_it(browsed):
    found = {entry["name"]: entry for entry in browsed.get("data", params={"path": "."}).json()["entries"]}
    assert found["link.h5"]["kind"] == found["linked"]["kind"] == "outside"
    assert (found["link.h5"]["size"], found["link.h5"]["modified"]) == (None, 0)
    assert listed(browsed.get("data", params={"path": browsed.home / "exp" / "into"})) == {"a b'%.h5": "hdf5"}


@pytest.mark.parametrize("route", ["data/sources", "data/keys", "data/thumbnail", "data/code"])
def test_a_file_whose_values_lie_outside_is_not_read(browsed, route):
    for key in ("pictures", "bytes"):
        answer = browsed.get(route, params={"path": str(browsed.root / "outward.h5"), "source": "/", "key": key})
        assert answer.status_code == 403, answer.text
        assert "outside the folders that are open here" in answer.json()["message"]


def test_a_run_of_which_a_file_is_a_link_out_is_not_read(browsed):
    answer = browsed.get("data/sources", params={"path": browsed.home / "exp" / "r0099"})
    assert answer.status_code == 403
    assert "CORR-R0099-DA01-S00000.h5" in answer.json()["message"]


@pytest.mark.parametrize("route", ["data/keys", "data/thumbnail", "data/code"])
def test_a_source_of_a_run_whose_values_lie_outside_is_not_read(browsed, route):
    run = browsed.home / "exp" / HOSTILE / "r0021"
    asked = {"path": run, "key": "data.image.pixels"}
    answer = browsed.get(route, params={**asked, "source": CAMERA})
    assert answer.status_code == 403, answer.text
    assert "behind.h5 lies, or leads, outside the folders that are open here" in answer.json()["message"]
    assert browsed.get(route, params={**asked, "source": "SPB_EXP_CAM/CAM/2:daqOutput"}).status_code == 200


def test_a_run_whose_list_of_sources_lies_outside_is_not_read(browsed):
    proc = browsed.home / "exp" / HOSTILE
    assert browsed.get("data/sources", params={"path": proc / "r0021"}).status_code == 200
    assert browsed.get("data/sources", params={"path": proc / "r0022"}).status_code == 403


def test_a_file_of_a_run_is_looked_at_as_the_run_is(browsed):
    (file,) = (browsed.home / "exp" / HOSTILE / "r0021").glob("*.h5")
    assert browsed.get("data/sources", params={"path": file}).status_code == 200
    assert browsed.get("data/keys", params={"path": file, "source": CAMERA}).status_code == 403


@pytest.mark.parametrize("path", ["pipe.h5", "r0031", "r0032"])
def test_a_pipe_holds_nobody_up(browsed, path):
    if path.startswith("r"):
        path = browsed.home / "exp" / HOSTILE / path
    answer = browsed.get("data/sources", params={"path": path})
    assert answer.status_code == 400, answer.text
    assert "a pipe or a device" in answer.json()["message"]


def test_reading_that_hangs_is_given_up_and_the_next_request_works(impatient):
    assert "spectrum.xy" in listed(impatient.get("data", params={"path": "."}))
    (worker,) = workers(impatient)
    worker.suspend()  # as a file system that hangs does
    began = time.monotonic()
    answer = impatient.get("data/sources", params={"path": "spectrum.xy"})
    assert answer.status_code == 504
    assert "longer than 8 s" in answer.json()["message"]
    assert time.monotonic() - began > 7
    assert "spectrum.xy" in listed(impatient.get("data", params={"path": "."}))


def test_a_crash_while_reading_is_said_and_the_next_request_works(impatient):
    assert "spectrum.xy" in listed(impatient.get("data", params={"path": "."}))
    (worker,) = workers(impatient)
    worker.suspend()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(impatient.get, "data/sources", params={"path": "spectrum.xy"})
        time.sleep(0.5)
        worker.send_signal(signal.SIGSEGV)  # as a bug in a library would end it
        worker.resume()
    refused = answer.result()
    assert refused.status_code == 502
    assert "crashed" in refused.json()["message"]
    assert "spectrum.xy" in listed(impatient.get("data", params={"path": "."}))


def test_a_file_that_is_damaged_is_said_to_be(browsed):
    (browsed.root / "torn.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    answer = browsed.get("data/sources", params={"path": "torn.h5"})
    assert answer.status_code == 400
    assert "HDF5 cannot open" in answer.json()["message"]


def test_the_server_itself_reads_no_file(browsed):
    """h5py and all that comes with it stay in the process that reads."""
    assert browsed.process is not None
    libraries = Path(f"/proc/{browsed.process.pid}/maps").read_text()
    assert "h5py" not in libraries
    assert "libhdf5" not in libraries
    assert len(workers(browsed)) <= 1


def workers(server: Server) -> list[psutil.Process]:
    assert server.process is not None
    children = psutil.Process(server.process.pid).children(recursive=True)
    return [child for child in children if WORKER in child.cmdline()]
