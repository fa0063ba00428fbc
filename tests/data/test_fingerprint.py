"""A fingerprint names the input of a result."""

from __future__ import annotations

import os

from pulsetrain.data import DataError, _fingerprint, fingerprint


def test_it_follows_name_and_content_and_not_the_place(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        for name in ("a", "b"):
            (tmp_path / folder / name).write_text(name)
    one, two = sorted((tmp_path / "one").iterdir()), sorted((tmp_path / "two").iterdir())
    assert fingerprint(one) == fingerprint(two[::-1])
    two[0].write_text("A")
    assert fingerprint(one) != fingerprint(two)
    two[0].write_text("a")
    two[0].rename(tmp_path / "two" / "c")
    assert fingerprint(one) != fingerprint((tmp_path / "two").iterdir())


def test_large_files_go_by_time_of_change(tmp_path, monkeypatch):
    monkeypatch.setattr(_fingerprint, "_WHOLE", 10)
    path = tmp_path / "large.h5"
    path.write_bytes(b"0" * 20)
    os.utime(path, ns=(0, 1))
    before = fingerprint([path])
    path.write_bytes(b"1" * 20)
    os.utime(path, ns=(0, 1))
    assert fingerprint([path]) == before
    os.utime(path, ns=(0, 2))
    assert fingerprint([path]) != before


def test_many_files_together_go_by_time_of_change_too(tmp_path, monkeypatch):
    monkeypatch.setattr(_fingerprint, "_TOTAL", 10)
    monkeypatch.setattr(_fingerprint, "_SMALL", 5)
    shots = [tmp_path / f"{shot}.h5" for shot in range(3)]
    for shot in shots:
        shot.write_bytes(b"0" * 8)
    before = fingerprint(shots)
    os.utime(shots[1], ns=(0, 2))
    assert fingerprint(shots) != before


def test_an_error_keeps_its_words_between_processes():
    import pickle

    error = DataError("a.xy", "nothing", "numbers", "look")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301  our own bytes
