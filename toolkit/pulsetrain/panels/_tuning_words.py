"""What the tuning control says of rates, settings and patterns."""

from __future__ import annotations

import html

from pulsetrain.panels._tuning_work import Look
from pulsetrain.tuning.options import TuningOptions
from pulsetrain.tuning.search import Evaluation

__all__ = ["rate_html", "seen_words", "setting_words"]


def rate_html(
    evaluation: Evaluation | None,
    pending: TuningOptions | None = None,
    *,
    quick: bool = False,
    searched: bool = False,
    compiling: bool = False,
    error: str = "",
) -> str:
    """Return the indexing rate in large letters, with its interval and counts.

    Parameters
    ----------
    evaluation : Evaluation or None
        None: none yet.
    pending : TuningOptions, optional
        The options that are being tried, or were by a search.
    quick : bool
        It is that of few patterns; all follow.
    searched : bool
        It is that of a search's setting, not of the sliders'.
    compiling : bool
        The engine answers for the first time.
    error : str
        In place of a rate.
    """
    if error:
        lines = html.escape(error).replace("\n", "<br>")
        return f'<div role="alert" style="color: var(--jp-error-color1, #b71c1c)">{lines}</div>'
    note = "indexing …" if pending is not None and not searched else ""
    if compiling:
        note = "Compiling the engine, once: the first rate takes longer …"
    if searched and pending is not None:
        note = f"search at min-snr {pending.min_snr:.3g}, min-pix-count {pending.min_pix_count}" + (
            f", clen {1e3 * pending.clen:.2f} mm" if pending.clen else ""
        )
    if evaluation is None:
        return f'<div role="status">Indexing rate: <i>{note or "not known yet"}</i></div>'
    low, high = evaluation.interval
    about = "≈ " if quick else ""
    words = (
        f"{evaluation.n_indexed} of {evaluation.n_patterns} patterns indexed, {evaluation.n_hits} hits, "
        f"median of {evaluation.peaks_per_pattern:.0f} peaks a hit"
    )
    return (
        f'<div role="status" class="pulsetrain-rate">Indexing rate <b style="font-size: 1.5em">{about}'
        f"{evaluation.rate:.0%}</b> [{low:.0%}, {high:.0%}]<br>{words}<br><i>{note or '&nbsp;'}</i></div>"
    )


def seen_words(look: Look) -> str:
    """Return what was found in a pattern."""
    kind = "a hit" if look.hit else "no hit"
    found = {0: "no crystal", 1: "1 crystal"}.get(look.crystals, f"{look.crystals} crystals")
    spots = f", {len(look.spots)} predicted spots" if look.crystals else ""
    return f"Pattern {look.pattern}: {len(look.peaks)} peaks, {kind}, {found}{spots}"


def setting_words(each: Evaluation, *, setting: bool = True) -> str:
    """Return an evaluation on one line."""
    at, (low, high) = each.setting, each.interval
    rate = f"{each.n_indexed} of {each.n_patterns} = {each.rate:.0%} [{low:.0%}, {high:.0%}]"
    if not setting:
        return rate
    return f"min-snr {at.min_snr:.3g}, min-pix-count {at.min_pix_count}, clen {1e3 * at.clen:.3f} mm: {rate}"
