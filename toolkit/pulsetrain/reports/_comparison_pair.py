"""Two jobs side by side: what was set differently, what came out differently, and how both look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulsetrain.reports._comparison_numbers import MISSING, Digits, duration, written
from pulsetrain.reports._comparison_pictures import Picture, pictures, scaled
from pulsetrain.reports._comparison_rows import flat_metrics, number, parameters_of
from pulsetrain.reports._pages import own, page_template, trusted
from pulsetrain.reports._values import sound
from pulsetrain.reports.jobs import Job
from pulsetrain.reports.status import Status

__all__ = ["compare_jobs"]

_BYTES = 4_000_000  # of all pictures together
_WHOLE = 150_000  # bytes; a larger picture is scaled down
_SIZE = (800, 800)  # pixels, to which


def compare_jobs(a: Job, b: Job) -> str:
    """Return a page that shows two jobs side by side.

    Parameters
    ----------
    a, b
        Of one template or of two, in any state.

    Returns
    -------
    str
        HTML that opens offline and runs no script: parameters, metrics with difference (b − a) and ratio (b / a),
        versions and provenance that differ, and the pictures of both reports.
    """
    parameters = _beside(parameters_of(a.record), parameters_of(b.record))
    metrics = _metrics(a, b)
    sides, remark = _pictures(a, b)
    page = page_template("pair.html.j2").render(
        title=f"{a.id} and {b.id}",
        a=a.id,
        b=b.id,
        different=[row for row in parameters if row["differs"]],
        same=[row for row in parameters if not row["differs"]],
        metrics=metrics,
        provenance=[row for row in _beside(_provenance(a), _provenance(b)) if row["differs"]],
        sides=sides,
        remark=remark,
        style=trusted(own("report.css") + own("comparison.css")),
    )
    return sound(page)


def _beside(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "a": _text(a, name),
            "b": _text(b, name),
            "differs": (name in a, a.get(name)) != (name in b, b.get(name)),
        }
        for name in dict.fromkeys((*a, *b))
    ]


def _text(values: Mapping[str, Any], name: str) -> str:
    return written(values[name]) if name in values else MISSING


def _metrics(a: Job, b: Job) -> list[dict[str, Any]]:
    (first, units), (second, more) = flat_metrics(a.metrics), flat_metrics(b.metrics)
    units |= more
    return [
        {"name": f"{name} ({units[name]})" if name in units else name, **_metric(first, second, name)}
        for name in dict.fromkeys((*first, *second))
    ]


def _metric(a: Mapping[str, Any], b: Mapping[str, Any], name: str) -> dict[str, Any]:
    one, other = (number(values.get(name)) for values in (a, b))
    if one is None or other is None:
        return {"a": _text(a, name), "b": _text(b, name), "difference": "", "ratio": ""}
    digits = Digits([one, other])
    return {
        "a": digits.written(a[name]),
        "b": digits.written(b[name]),
        "difference": f"{other - one:+.4g}",
        "ratio": f"{other / one:.6g}" if one else MISSING,
    }


def _provenance(job: Job) -> dict[str, Any]:
    record, status = job.record, job.status
    provenance, template, kernel = (_mapping(record.get(name)) for name in ("provenance", "template", "kernel"))
    facts = {
        "State": f"{status.state}: {status.message}" if status.message else status.state,
        "Template": template.get("path"),
        "Template, sha256": template.get("sha256"),
        "Kernel": kernel.get("python") or kernel.get("name"),
        "Executor": _mapping(record.get("executor")).get("name"),
        "Ran on": status.host,
        "Duration": _took(status),
        "Submitted": provenance.get("submitted"),
        "By": provenance.get("user"),
        "Python": provenance.get("python"),
        **{f"{name}, version": version for name, version in _mapping(provenance.get("versions")).items()},
        **{f"Stated: {name}": value for name, value in _mapping(job.metrics.get("provenance")).items()},
    }
    return {name: value for name, value in facts.items() if value}


def _took(status: Status) -> str:
    return "" if status.started is None or status.finished is None else duration(status.finished - status.started)


def _pictures(a: Job, b: Job) -> tuple[list[dict[str, Any]], str]:
    """Pair the pictures by their cell; beyond what a page can hold they are left out."""
    left, right = _by_place(pictures(a.notebook)), _by_place(pictures(b.notebook))
    sides: list[dict[str, Any]] = []
    bytes_left = _BYTES
    places = sorted({*left, *right})
    for count, place in enumerate(places):
        shown = [_shown(side.get(place)) for side in (left, right)]
        bytes_left -= sum(map(len, shown))
        if bytes_left < 0:
            return sides, f"The first {count} of {len(places)} pairs of pictures; the others are in the reports."
        sides.append({"cell": place[0], "a": shown[0], "b": shown[1]})
    return sides, ""


def _by_place(found: list[Picture]) -> dict[tuple[int, int], Picture]:
    places: dict[tuple[int, int], Picture] = {}
    for picture in found:
        number_in_cell = sum(cell == picture.cell for cell, _ in places)
        places[picture.cell, number_in_cell] = picture
    return places


def _shown(picture: Picture | None) -> str:
    if picture is None:
        return ""
    return picture.uri if len(picture.data) <= _WHOLE else scaled(picture, *_SIZE)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
