/** The part of a night that is seen, the same in several charts: by buttons, keys, mouse and touch. */

import { el } from "./element.js";

const LEAST_S = 300;

export class Zoom {
  #charts;
  #whole;
  /** @type {[number, number]} */
  #seen;

  /** @param {import("./chart.js").Chart[]} charts @param {[number, number]} whole seconds */
  constructor(charts, whole) {
    this.#charts = charts;
    this.#whole = whole;
    this.#seen = whole;
    this.buttons = el(
      "div.row",
      { role: "group", "aria-label": "Part of the night that is seen" },
      button("−", "Show more of the night", () => this.scale(2)),
      button("+", "Show less of the night, larger", () => this.scale(0.5)),
      button("‹", "Earlier", () => this.move(-0.5)),
      button("›", "Later", () => this.move(0.5)),
      button("All", "All of the night", () => this.all()),
    );
    for (const chart of charts) this.#listen(chart);
    this.all();
  }

  /** uPlot's options that let a mouse select a part. */
  get mouse() {
    const take = (u) => {
      const { left, width } = u.select;
      if (width > 4) this.#show(u.posToVal(left, "x"), u.posToVal(left + width, "x"));
      u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    };
    return {
      cursor: {
        drag: { x: true, y: false, setScale: false },
        points: { show: false },
        bind: { dblclick: () => () => this.all() },
      },
      hooks: { setSelect: [take] },
    };
  }

  all() {
    this.#show(...this.#whole);
  }

  /** @param {number} factor of the length seen @param {number} [around] where, 0 to 1 */
  scale(factor, around = 0.5) {
    const [min, max] = this.#seen;
    const length = Math.max((max - min) * factor, LEAST_S);
    const middle = min + (max - min) * around;
    this.#show(middle - length * around, middle + length * (1 - around));
  }

  /** @param {number} by share of what is seen */
  move(by) {
    const [min, max] = this.#seen;
    const [first, last] = this.#whole;
    const step = Math.min(Math.max((max - min) * by, first - min), last - max);
    this.#show(min + step, max + step);
  }

  /** @param {number} min @param {number} max */
  #show(min, max) {
    const [first, last] = this.#whole;
    this.#seen = [Math.max(min, first), Math.min(max, last)];
    for (const chart of this.#charts) chart.show(...this.#seen);
  }

  /** @param {import("./chart.js").Chart} chart */
  #listen(chart) {
    const { element } = chart;
    element.tabIndex = 0;
    element.addEventListener("keydown", (event) => this.#key(event));
    const fingers = new Map();
    element.addEventListener(
      "pointerdown",
      (e) => e.pointerType === "touch" && fingers.set(e.pointerId, e.clientX),
    );
    element.addEventListener("pointermove", (e) => this.#finger(e, fingers, element.clientWidth));
    const lift = (e) => fingers.delete(e.pointerId);
    element.addEventListener("pointerup", lift);
    element.addEventListener("pointercancel", lift);
    element.addEventListener("pointerleave", lift);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const acts = {
      "+": () => this.scale(0.5),
      "=": () => this.scale(0.5),
      "-": () => this.scale(2),
      ArrowLeft: () => this.move(-0.25),
      ArrowRight: () => this.move(0.25),
      Home: () => this.all(),
      0: () => this.all(),
    };
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** One finger moves, two draw apart. @param {PointerEvent} e @param {Map<number, number>} fingers */
  #finger(e, fingers, width) {
    const before = fingers.get(e.pointerId);
    if (before === undefined || !width) return;
    const others = [...fingers].filter(([id]) => id !== e.pointerId).map(([, x]) => x);
    if (others.length === 0) this.move((before - e.clientX) / width);
    if (others.length === 1) {
      const was = Math.max(Math.abs(before - others[0]), 20);
      const is = Math.max(Math.abs(e.clientX - others[0]), 20);
      this.scale(was / is);
    }
    fingers.set(e.pointerId, e.clientX);
  }
}

/** @param {string} sign @param {string} name @param {() => void} act */
function button(sign, name, act) {
  return el("button.small", { type: "button", "aria-label": name, onclick: act }, sign);
}
