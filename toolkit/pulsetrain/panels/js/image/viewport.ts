/** Which part of the frame is seen, and where: between pixels of the frame and pixels of the screen. */

export type Point = [number, number];

/** Zoom is screen pixels per frame pixel; a pixel's centre lies at + 0.5. */
export class Viewport {
  /** Size of the frame, in its pixels. */
  frame: Point = [1, 1];
  /** Size of the view, in pixels of the screen. */
  view: Point = [1, 1];
  /** The point of the frame in the middle of the view. */
  centre: Point = [0.5, 0.5];
  zoom = 1;
  /** Whether x runs to the left, y upwards. */
  flipped: [boolean, boolean] = [false, false];
  /** Whether the whole frame is kept in view when the view changes its size. */
  fitted = true;

  /** Take another frame; one of the same size is seen where the last one was. */
  setFrame(width: number, height: number): void {
    if (width === this.frame[0] && height === this.frame[1]) return;
    this.frame = [width, height];
    this.fit();
  }

  setView(width: number, height: number): void {
    this.view = [width, height];
    if (this.fitted) this.fit();
  }

  /** Show all of the frame. */
  fit(): void {
    this.zoom = this.fittingZoom();
    this.centre = [this.frame[0] / 2, this.frame[1] / 2];
    this.fitted = true;
  }

  toScreen(x: number, y: number): Point {
    const [left, up] = this.signs();
    return [
      this.view[0] / 2 + left * (x - this.centre[0]) * this.zoom,
      this.view[1] / 2 + up * (y - this.centre[1]) * this.zoom
    ];
  }

  toFrame(x: number, y: number): Point {
    const [left, up] = this.signs();
    return [
      this.centre[0] + (left * (x - this.view[0] / 2)) / this.zoom,
      this.centre[1] + (up * (y - this.view[1] / 2)) / this.zoom
    ];
  }

  /** Zoom so that what lies at a point of the screen stays there. */
  zoomAt(x: number, y: number, factor: number): void {
    const before = this.toFrame(x, y);
    const least = this.fittingZoom() / 2;
    this.zoom = Math.min(Math.max(this.zoom * factor, least), Math.max(64, least));
    const after = this.toFrame(x, y);
    this.moveTo(this.centre[0] + before[0] - after[0], this.centre[1] + before[1] - after[1]);
  }

  /** Move the picture by pixels of the screen. */
  pan(right: number, down: number): void {
    const [left, up] = this.signs();
    this.moveTo(this.centre[0] - (left * right) / this.zoom, this.centre[1] - (up * down) / this.zoom);
  }

  private moveTo(x: number, y: number): void {
    this.centre = [clamp(x, 0, this.frame[0]), clamp(y, 0, this.frame[1])];
    this.fitted = false;
  }

  private fittingZoom(): number {
    return Math.min(this.view[0] / this.frame[0], this.view[1] / this.frame[1]) || 1;
  }

  private signs(): Point {
    return [this.flipped[0] ? -1 : 1, this.flipped[1] ? -1 : 1];
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
