"""What the tuning control says of rates, settings and patterns."""

from __future__ import annotations

import html

from pulsetrain.panels._tuning_work import Look
from pulsetrain.tuning.search import Evaluation, Setting

__all__ = ["place_words", "rate_html", "rate_words", "seen_words", "setting_words"]


def rate_html(evaluation: Evaluation | None, *, note: str = "", quick: bool = False, error: str = "") -> str:
    """Return the indexing rate in large letters, with its interval and counts.

    Parameters
    ----------
    evaluation : Evaluation or None
        None: none yet.
    note : str
        What is under way, or which setting it is.
    quick : bool
        It is that of few patterns; all follow.
    error : str
        In place of a rate.
    """
    if error:
        lines = html.escape(error).replace("\n", "<br>")
        return f'<div role="alert" style="color: var(--jp-error-color1, #b71c1c)">{lines}</div>'
    if evaluation is None:
        return f'<div role="status">Indexing rate: <i>{html.escape(note) or "not known yet"}</i></div>'
    low, high = evaluation.interval
    words = (
        f"{evaluation.n_indexed} of {evaluation.n_patterns} patterns indexed<br>"
        f"{evaluation.n_hits} hits, with {evaluation.peaks_per_pattern:.0f} peaks (median)"
    )
    return (
        f'<div role="status" class="pulsetrain-rate">Indexing rate <b style="font-size: 1.5em">{"≈ " if quick else ""}'
        f"{evaluation.rate:.0%}</b> [{low:.0%}, {high:.0%}]<br>{words}<br><i>{html.escape(note) or '&nbsp;'}</i></div>"
    )


def seen_words(look: Look) -> str:
    """Return what was found in a pattern."""
    kind = "a hit" if look.hit else "no hit"
    found = {0: "no crystal", 1: "1 crystal"}.get(look.crystals, f"{look.crystals} crystals")
    spots = f", {len(look.spots)} predicted spots" if look.crystals else ""
    return f"Pattern {look.pattern}: {len(look.peaks)} peaks, {kind}, {found}{spots}"


def setting_words(each: Evaluation) -> str:
    """Return an evaluation on one line."""
    return f"{place_words(each.setting)}: {rate_words(each)}"


def place_words(at: Setting) -> str:
    """Return a setting on one line."""
    return f"min-snr {at.min_snr:.3g}, min-pix-count {at.min_pix_count}, clen {1e3 * at.clen:.3f} mm"


def rate_words(each: Evaluation) -> str:
    """Return counts and rate on one line."""
    low, high = each.interval
    return f"{each.n_indexed} of {each.n_patterns} = {each.rate:.0%} [{low:.0%}, {high:.0%}]"
