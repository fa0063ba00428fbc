"""Settings of SLURM jobs, and named sets of them: a facility's own, a group's own, and some that are built in."""

from __future__ import annotations

import difflib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from pulsetrain.options import OptionError, Options, option

__all__ = ["LARGEST_ARRAY", "PRESETS", "SlurmOptions", "presets"]

LARGEST_ARRAY = 1000  # tasks; SLURM's own default is to refuse an index above
PRESETS = "PULSETRAIN_SLURM_PRESETS"  # environment variable: the file of named sets

# The partitions of DESY's Maxwell cluster, where European XFEL's data lie: users of a beamtime, staff, everybody, and
# the nodes with GPUs, which are given whole.
_BUILT_IN: dict[str, dict[str, Any]] = {
    "upex": {"partition": "upex", "time_limit": 480},
    "exfel": {"partition": "exfel", "time_limit": 480},
    "maxwell": {"partition": "all", "time_limit": 480},
    "maxwell-gpu": {"partition": "allgpu", "time_limit": 480},
}


def _is_name(text: str) -> str:
    """Take what SLURM's own names are made of: nothing in them can end a line or an option of the script."""
    if not re.fullmatch(r"[A-Za-z0-9_.,+@-]*", text) or text.startswith("-"):
        raise PydanticCustomError("name", "allowed letters, digits and _ . , + @ -")
    return text


def _is_constraint(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.,:&|*()\[\]-]*", text) or text.startswith("-"):
        raise PydanticCustomError("constraint", "allowed names of features, joined by & or |")
    return text


_Name = Annotated[str, AfterValidator(_is_name)]


def _add_presets(schema: dict[str, Any]) -> None:
    """Tell a form which presets there are and what they hold; those of a broken file are missing until it is used."""
    try:
        known = presets()
    except OptionError:
        known = _BUILT_IN
    schema["presets"] = known
    schema["properties"]["preset"]["enum"] = ["", *known]


class SlurmOptions(Options):
    """What `Slurm` asks for, for each task of an array.

    A preset fills in what is not given. It is read when the options are made and leaves only its values, so that a
    job's record does not depend on the file that the preset came from.

    Examples
    --------
    >>> SlurmOptions(preset="upex", time_limit=60)
    SlurmOptions(preset='', partition='upex', …, time_limit=60, …)
    """

    model_config = ConfigDict(json_schema_extra=_add_presets)

    preset: str = option("", "Named set of values for the fields below; what is given here wins over it.")
    partition: _Name = option("", "Partition to queue in, such as upex; the cluster's default where empty.")
    reservation: _Name = option("", "Reservation of a beamtime, where there is one.")
    account: _Name = option("", "Account that the time is charged to, where the cluster asks for one.")
    qos: _Name = option("", "Quality of service, where the cluster asks for one.")
    constraint: Annotated[str, AfterValidator(_is_constraint)] = option(
        "", "Features that the node must have, such as A100|V100."
    )
    time_limit: int | None = option(
        None, "Wall time of a job; the partition's default where not given.", ge=1, le=43_200, unit="min"
    )
    cpus: int | None = option(None, "Processors of a job; the partition's default where not given.", ge=1, le=1024)
    memory: float | None = option(
        None, "Memory of a job; the partition's default where not given.", ge=0.1, le=16_384, unit="GiB"
    )
    gpus: int = option(0, "GPUs of a job; partitions that give whole nodes need none here.", ge=0, le=64)
    concurrent: int = option(
        50, "Jobs of a batch that run at the same time, so that others get their turn too.", ge=1, le=LARGEST_ARRAY
    )
    warning: int = option(
        90,
        "So long before the wall time is up, or up to a minute earlier, a job stops and saves its partial notebook.",
        ge=20,
        le=3600,
        unit="s",
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, values: Any) -> Any:
        if not isinstance(values, Mapping) or not values.get("preset"):
            return values
        name = str(values["preset"])
        try:
            filled = _preset(name)
            cls(**filled)  # so that its faults are not taken for those of what is given
        except OptionError as error:
            fault = str(error) if str(error).startswith("preset:") else f"preset: in {name!r}, {error}"
            raise PydanticCustomError("preset", "{fault}", {"fault": fault}) from None
        return {**filled, **{key: value for key, value in values.items() if key != "preset"}}

    @model_validator(mode="after")
    def _leaves_time_to_work(self) -> Self:
        if self.time_limit is not None and self.warning >= 60 * self.time_limit:
            raise PydanticCustomError(
                "order",
                "warning: got {warning} s, allowed less than time_limit ({limit} min); lower it, or raise time_limit",
                {"warning": self.warning, "limit": self.time_limit},
            )
        return self


def presets() -> dict[str, dict[str, Any]]:
    """Return the named sets: the built-in ones, and over them those of the file.

    The file is TOML or JSON, a table for each name; ``PULSETRAIN_SLURM_PRESETS`` names it, else it is
    ``slurm.toml`` in ``~/.config/pulsetrain``.

    Raises
    ------
    OptionError
        If the file that is named is not there, or cannot be understood.
    """
    named = os.environ.get(PRESETS)
    configuration = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config")
    path = (Path(named) if named else configuration / "pulsetrain" / "slurm.toml").expanduser()
    if not named and not path.is_file():
        return dict(_BUILT_IN)
    try:
        text = path.read_text(encoding="utf-8")
        read = dict(json.loads(text)) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError, TypeError) as error:
        raise OptionError(f"preset: cannot read {path} ({error}); mend it, or name another by {PRESETS}") from None
    if not all(isinstance(table, dict) and "preset" not in table for table in read.values()):
        raise OptionError(f"preset: {path} must hold a table of values for each name, such as [beamtime]")
    return {**_BUILT_IN, **read}


def _preset(name: str) -> dict[str, Any]:
    known = presets()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
        raise OptionError(f"preset: no such preset {name!r}; {hint}")
    return known[name]
