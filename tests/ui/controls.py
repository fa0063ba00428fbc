"""What the tests of controls share: they wait for what a button has chosen, and for a theme."""

from __future__ import annotations

import re

from tests.ui.images import settled

# The figures that Bokeh draws, and all that is said.
SHOWN = """panel => panel.innerText + (window.Bokeh?.documents ?? [])
  .flatMap(document => [...document._all_models.values()])
  .filter(model => model.type === 'Figure').map(model => model.id)"""

CHANGE_THEME = """async theme => {
  const frame = () => new Promise(requestAnimationFrame);
  const isDark = () => getComputedStyle(document.body).getPropertyValue('--jp-layout-color0').trim() === '#111';
  await window.jupyterapp.commands.execute('apputils:change-theme', {theme});
  while (document.body.dataset.jpThemeName !== theme || isDark() !== theme.endsWith('Dark')) await frame();
  await frame();
  const fading = document.getAnimations().filter(each => each instanceof CSSTransition);
  await Promise.allSettled(fading.map(each => each.finished));
}"""


def button(part, words):
    return part.locator("button:not(.pulsetrain-image button)", has_text=re.compile(rf"^\s*{words}\s*$"))


def choose(panel, words):
    """Click on a button that chooses what stands below it, and wait until something else stands there."""
    before = panel.evaluate(SHOWN)
    button(panel, words).click()
    panel.page.wait_for_function(
        f"([panel, before]) => ({SHOWN})(panel) !== before", arg=[panel.element_handle(), before]
    )
    settled(panel.page)


def change_theme(page, theme):
    """Change the theme, and wait until nothing fades any more."""
    page.evaluate(CHANGE_THEME, theme)
