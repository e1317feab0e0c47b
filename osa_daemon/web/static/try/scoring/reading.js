// One frame as the decision about events sees it: scoring/reading.py.

/** Centred mean of the event probability over 3 frames (0.6 s), over 2 at the ends. */
export class Smoother {
  #window = []; // [reading, probability]

  /** Take the next frame; return [the one before it, its mean], once there is one. */
  push(reading) {
    const window = this.#window;
    window.push([reading, reading.apnea + reading.hypopnea]);
    if (window.length > 3) {
      window.shift();
    }
    return window.length < 2 ? null : [window.at(-2)[0], mean(window)];
  }

  /** Return [the frame still held, its mean], if any, and start anew. */
  flush() {
    const held = this.#window.slice(-2);
    this.#window = [];
    return held.length ? [held.at(-1)[0], mean(held)] : null;
  }
}

function mean(window) {
  return window.reduce((sum, [, probability]) => sum + probability, 0) / window.length;
}
