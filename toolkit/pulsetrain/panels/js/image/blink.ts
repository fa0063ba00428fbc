/** Shows two frames in turn; stands still for who asked the system for less motion, until told otherwise. */

const PERIOD = 800; // ms a frame: slower than what may harm, three times a second

export class Blink {
  /** Which frame is seen. */
  seen: 0 | 1 = 0;
  playing = !window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly changed: () => void) {}

  /** Run only while it is looked at. */
  run(wanted: boolean): void {
    const on = wanted && this.playing;
    if (on === (this.timer !== undefined)) return;
    clearInterval(this.timer);
    this.timer = on ? setInterval(() => this.turn(), PERIOD) : undefined;
  }

  turn(): void {
    this.seen = this.seen === 0 ? 1 : 0;
    this.changed();
  }

  toggle(): void {
    this.playing = !this.playing;
    this.changed();
  }
}
