/** A chart by uPlot that fits its place, takes the theme's colours, and says in words what it shows. */

import { el } from "./element.js";
import { colour } from "./theme.js";
import { clock } from "./words.js";

const AXIS_PX = 46;
const MARKS_S = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].map((minutes) => minutes * 60);
const FONT = "12px system-ui, sans-serif";

export class Chart {
  #make;
  #data;
  #watch;
  #renew = () => this.#draw();

  /**
   * @param {{label: string, height: number, data: any[], options: () => any}} what `label`: what
   *   is seen, in a sentence; `options` are uPlot's, made anew for each theme
   */
  constructor({ label, height, data, options }) {
    this.element = el("div.chart", { role: "img", "aria-label": label });
    this.height = height;
    this.element.style.minHeight = `${height}px`;
    this.#make = options;
    this.#data = data;
    this.plot = null;
    /** @type {{min: number, max: number}|null} */
    this.seen = null;
    this.#watch = new ResizeObserver(() => this.#fit());
    this.#watch.observe(this.element);
    addEventListener("theme", this.#renew);
  }

  /** @param {any[]} data columns, the first of them x */
  setData(data) {
    this.#data = data;
    this.plot?.setData(data);
  }

  /** @param {string} label */
  describe(label) {
    this.element.setAttribute("aria-label", label);
  }

  /** The part of x that is seen. @param {number} min @param {number} max */
  show(min, max) {
    this.seen = { min, max };
    this.plot?.setScale("x", this.seen);
  }

  close() {
    this.#watch.disconnect();
    removeEventListener("theme", this.#renew);
    this.plot?.destroy();
    this.plot = null;
  }

  #fit() {
    const width = this.element.clientWidth;
    if (!width) return;
    if (!this.plot) this.#draw();
    else if (this.plot.width !== width) this.plot.setSize({ width, height: this.height });
  }

  #draw() {
    this.plot?.destroy();
    const size = { width: this.element.clientWidth, height: this.height };
    const common = { legend: { show: false }, padding: [8, 18, 0, 0] }; // on the right, half of a time
    this.plot = new /** @type {any} */ (window).uPlot(
      { ...size, ...common, ...this.#make() },
      this.#data,
      this.element,
    );
    if (this.seen) this.plot.setScale("x", this.seen);
  }
}

/** The axis of the time of day, x being seconds of the epoch; no two marks in the same minute. */
export function timeAxis(more = {}) {
  const values = (_, marks) => marks.map((s) => clock(s * 1000));
  return axis({ incrs: MARKS_S, space: 56, size: 28, values, ...more });
}

/** An axis in the theme's colours. @param {object} more uPlot's options */
export function axis(more = {}) {
  const grid = { stroke: colour("line"), width: 1 };
  return { stroke: colour("dim"), font: FONT, grid, ticks: { show: false }, size: AXIS_PX, ...more };
}

/** A line in a colour of the theme. @param {string} name @param {object} more */
export function line(name, more = {}) {
  return { stroke: colour(name), width: 1.5, points: { show: false }, spanGaps: false, ...more };
}

/** Fills from x to x over the whole height, or between y and y. */
export function fill(u, style, from, to, low = null, high = null, leastPx = 0) {
  const { ctx, bbox } = u;
  const left = Math.round(Math.max(u.valToPos(from, "x", true), bbox.left)); // no seam between neighbours
  const right = Math.round(Math.min(u.valToPos(to, "x", true), bbox.left + bbox.width));
  if (right < bbox.left || left > bbox.left + bbox.width) return;
  const top = high === null ? bbox.top : u.valToPos(high, "y", true);
  const bottom = low === null ? bbox.top + bbox.height : u.valToPos(low, "y", true);
  ctx.fillStyle = style;
  ctx.fillRect(left, top, Math.max(right - left, leastPx * devicePixelRatio), bottom - top);
}

/** Fills where flags are set, each run of them at once. @param {(x: number) => boolean} isSet by place */
export function fillRuns(u, style, times, step, isSet) {
  for (let i = 0; i < times.length; i++) {
    if (!isSet(i)) continue;
    const from = times[i];
    while (isSet(i + 1) && i + 1 < times.length) i++;
    fill(u, style, from, times[i] + step);
  }
}

/** What colours and dashes mean. @param {[string, string][]} rows class of the sign, word */
export function legend(rows) {
  const items = rows.map(([sign, word]) =>
    el("li", {}, el(`i.sign.${sign}`, { "aria-hidden": "true" }), word),
  );
  return el("ul.legend", {}, ...items);
}
