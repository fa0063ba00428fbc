"""What the tuning control says of rates, settings and patterns."""

from __future__ import annotations

import html
from collections.abc import Iterable

from pulsetrain.panels._tuning_work import Look
from pulsetrain.tuning.search import Evaluation, Setting

__all__ = ["place_words", "rate_html", "rate_words", "search_words", "seen_words", "setting_words", "stopped_words"]


def rate_html(evaluation: Evaluation | None, *, note: str = "", quick: bool = False, error: str = "") -> str:
    """Return the indexing rate in large letters, with its interval and counts.

    Parameters
    ----------
    evaluation : Evaluation or None
        None: none yet.
    note : str
        What is under way, or whose setting it is.
    quick : bool
        It is that of few patterns; all follow.
    error : str
        In place of a rate.
    """
    if error:
        words = html.escape(error).replace("\n", "<br>")
        return f'<div role="alert" style="color: var(--jp-error-color1, #b71c1c)">{words}</div>'
    if evaluation is None:
        return f'<div role="status">Indexing rate: <i>{html.escape(note) or "not known yet"}</i></div>'
    low, high = evaluation.interval
    rate = f'<b style="font-size: 1.5em">{"≈ " if quick else ""}{evaluation.rate:.0%}</b>'
    lines = [
        f"Indexing rate {rate} [{low:.0%}, {high:.0%}]",
        f"{evaluation.n_indexed} of {evaluation.n_patterns} patterns indexed",
        f"{evaluation.n_hits} hits, with {evaluation.peaks_per_pattern:.0f} peaks (median)",
        f"at {place_words(evaluation.setting)}",
        f"<i>{html.escape(note) or '&nbsp;'}</i>",
    ]
    return f'<div role="status" class="pulsetrain-rate" style="line-height: 1.5">{"<br>".join(lines)}</div>'


def seen_words(look: Look, note: str = "") -> str:
    """Return what was found in a pattern, and at which setting; `note` says whose that is."""
    kind = "a hit" if look.hit else "no hit"
    found = {0: "no crystal", 1: "1 crystal"}.get(look.crystals, f"{look.crystals} crystals")
    spots = f", {len(look.spots)} predicted spots" if look.crystals else ""
    whose = f" ({note})" if note else ""
    return (
        f"Pattern {look.pattern}: {len(look.peaks)} peaks, {kind}, {found}{spots}\n"
        f"at {place_words(look.setting)}{whose}"
    )


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


def search_words(made: int, total: int, best: Evaluation | None, fresh: Evaluation | None, flags: Iterable[str]) -> str:
    """Return how a search stands that has come to its end or to a pause.

    Parameters
    ----------
    made, total : int
        Evaluations, and how many were asked for.
    best, fresh : Evaluation or None
        The best, and the same on fresh patterns.
    flags : iterable of str
        What is doubtful.
    """
    words = f"Best of {made}: {setting_words(best)}." if best else "Nothing tried yet."
    if made < total:
        words = f"Paused after {made} of {total}. {words}"
    elif fresh is not None:
        words += f"\nOn fresh patterns: {rate_words(fresh)}."
    return "\n".join([words, *flags])


def stopped_words(made: int, total: int, best: Evaluation | None) -> str:
    """Return what a search leaves that was stopped."""
    if not made or best is None:
        return "Stopped before the first evaluation was made."
    many = f"all {made}" if made >= total else f"{made} of {total}"
    return f"Stopped after {many} evaluations. Best of {made}: {setting_words(best)}; not confirmed on fresh patterns."
