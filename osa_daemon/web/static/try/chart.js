// A picture of what was heard: level and noise floor above, breath and pause below, events behind.

const LEVEL_DBFS = [-90, -20];
const LIVE_S = 600; // of a microphone the last ten minutes are shown

/** Draws on a canvas, in the colours of its style. */
export class Chart {
  #canvas;

  constructor(canvas) {
    this.#canvas = canvas;
  }

  /** Draw `seconds` and `events`; `totalS` is how long the recording is, null of a microphone. */
  draw(seconds, events, totalS) {
    const canvas = this.#canvas;
    const scale = devicePixelRatio;
    [canvas.width, canvas.height] = [canvas.clientWidth * scale, canvas.clientHeight * scale];
    const endS = (seconds.at(-1)?.atS ?? 0) + 1;
    const span = totalS === null ? [Math.max(endS - LIVE_S, 0), Math.max(endS, LIVE_S)] : [0, totalS];
    const x = (s) => ((s - span[0]) / (span[1] - span[0])) * canvas.width;
    const top = (dbfs) => ((LEVEL_DBFS[1] - dbfs) / (LEVEL_DBFS[1] - LEVEL_DBFS[0])) * canvas.height * 0.48;
    const bottom = (p) => canvas.height * (0.98 - 0.44 * p);
    this.#bars(events, x);
    const shown = seconds.filter(({ atS }) => atS >= span[0]);
    this.#line(shown, x, ({ noiseDbfs }) => top(noiseDbfs), "--noise", scale);
    this.#line(shown, x, ({ levelDbfs }) => top(levelDbfs), "--level", scale);
    this.#line(shown, x, ({ breath }) => bottom(breath), "--breath", scale);
    this.#line(shown, x, ({ pause, reduced }) => bottom(Math.max(pause, reduced)), "--pause", 1.5 * scale);
  }

  #bars(events, x) {
    const context = this.#canvas.getContext("2d");
    context.fillStyle = this.#colour("--event");
    for (const { onset_s, duration_s } of events) {
      context.fillRect(x(onset_s), 0, Math.max(x(onset_s + duration_s) - x(onset_s), 2), this.#canvas.height);
    }
  }

  #line(seconds, x, y, colour, width) {
    const context = this.#canvas.getContext("2d");
    context.strokeStyle = this.#colour(colour);
    context.lineWidth = width;
    context.beginPath();
    let before = null;
    for (const second of seconds) {
      const follows = second.isHeard && before !== null && second.atS - before === 1;
      context[follows ? "lineTo" : "moveTo"](x(second.atS + 0.5), y(second));
      before = second.isHeard ? second.atS : null;
    }
    context.stroke();
  }

  #colour(name) {
    return getComputedStyle(this.#canvas).getPropertyValue(name);
  }
}
