/** The page's own colours, for what is drawn on a canvas. */

import type { Colour } from './renderer';

export interface Theme {
  ink: string;
  faint: string;
  /** Of what lies outside the frame. */
  paper: Colour;
  /** Of gaps and of masked pixels: neutral tones that no colour map uses at its lower end. */
  gap: Colour;
  hatch: Colour;
  font: string;
}

export function readTheme(element: Element): Theme {
  const style = getComputedStyle(element);
  const dark = document.body.dataset.jpThemeLight === 'false';
  const colour = (name: string, light: string, night: string) =>
    style.getPropertyValue(name).trim() || (dark ? night : light);
  return {
    ink: colour('--jp-ui-font-color1', '#212121', '#e0e0e0'),
    faint: colour('--jp-border-color1', '#bdbdbd', '#616161'),
    paper: bytes(colour('--jp-layout-color0', '#ffffff', '#111111')),
    gap: dark ? [0.26, 0.26, 0.28] : [0.87, 0.87, 0.88],
    hatch: dark ? [0.5, 0.5, 0.52] : [0.62, 0.62, 0.64],
    font: `11px ${style.getPropertyValue('--jp-ui-font-family').trim() || 'sans-serif'}`
  };
}

/** Call when JupyterLab changes its theme; returns how to stop that. */
export function onTheme(changed: () => void): () => void {
  // The style sheet arrives a while after the attribute that names it.
  const soon = () => {
    for (const delay of [0, 300, 1200]) setTimeout(changed, delay);
  };
  const observer = new MutationObserver(soon);
  observer.observe(document.body, { attributeFilter: ['data-jp-theme-name', 'data-jp-theme-light'] });
  return () => observer.disconnect();
}

function bytes(colour: string): Colour {
  const canvas = document.createElement('canvas').getContext('2d') as CanvasRenderingContext2D;
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = canvas.getImageData(0, 0, 1, 1).data;
  return [red / 255, green / 255, blue / 255];
}
