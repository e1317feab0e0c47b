// Running noise floor by minimum statistics: features/floor.py.

import { FRAME_RATE_HZ } from "./features.js";

export const SLOW = { subwindowS: 5, count: 12 };
export const FAST = { subwindowS: 4, count: 3 };

/** Follows the floor of `bands` powers, one second (5 frames) at a time. */
export class NoiseFloor {
  #memory;
  #last;
  #nextSecond = null;
  #minima = []; // [sub-window, least powers], oldest first

  constructor(bands, memory = SLOW) {
    this.#memory = memory;
    this.#last = new Float64Array(bands).fill(Infinity);
  }

  /**
   * Return the floor after each frame of `second`, (5 × bands), NaN before two frames of sound.
   * `power` is (5 × bands); frames that are not `usable` do not count.
   */
  push(second, power, usable) {
    const bands = this.#last.length;
    if (second !== this.#nextSecond) {
      this.#last.fill(Infinity);
    }
    this.#nextSecond = second + 1;
    const known = this.#known(second);
    const least = new Float64Array(bands).fill(Infinity);
    const floor = new Float64Array(power.length);
    for (let frame = 0; frame < FRAME_RATE_HZ; frame++) {
      for (let band = 0; band < bands; band++) {
        const heard = usable[frame] ? power[frame * bands + band] : Infinity;
        least[band] = Math.min(least[band], (heard + this.#last[band]) / 2);
        this.#last[band] = heard;
        const lowest = Math.min(least[band], known[band]);
        floor[frame * bands + band] = lowest === Infinity ? NaN : lowest;
      }
    }
    this.#remember(second, least);
    return floor;
  }

  /** Return the least of the sub-windows that still count. */
  #known(second) {
    const oldest = Math.floor(second / this.#memory.subwindowS) - this.#memory.count;
    while (this.#minima.length && this.#minima[0][0] < oldest) {
      this.#minima.shift();
    }
    const least = new Float64Array(this.#last.length).fill(Infinity);
    for (const [, minimum] of this.#minima) {
      minimum.forEach((value, band) => (least[band] = Math.min(least[band], value)));
    }
    return least;
  }

  /** Merge the second's least into its sub-window. */
  #remember(second, least) {
    const subwindow = Math.floor(second / this.#memory.subwindowS);
    if (this.#minima.at(-1)?.[0] === subwindow) {
      const [, before] = this.#minima.pop();
      least = least.map((value, band) => Math.min(value, before[band]));
    }
    this.#minima.push([subwindow, least]);
    if (this.#minima.length > this.#memory.count + 1) {
      this.#minima.shift();
    }
  }
}
