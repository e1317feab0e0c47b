/**
 * When something is painted: once a second while the page is seen, at once when a state changes
 * (they are rare), and never while it is hidden.
 */

const EVERY_MS = 1000;
const LEAST_MS = 250;

export class Painter {
  #paint;
  #timer = 0;
  #paintedAt = -Infinity;

  /** @param {() => void} paint */
  constructor(paint) {
    this.#paint = paint;
  }

  start() {
    document.addEventListener("visibilitychange", () => this.soon());
    this.soon();
  }

  /** Paints now, or a quarter of a second after the last time. */
  soon() {
    clearTimeout(this.#timer);
    if (document.hidden) return;
    const waited = performance.now() - this.#paintedAt;
    if (waited >= LEAST_MS) this.#now();
    else this.#timer = setTimeout(() => this.#now(), LEAST_MS - waited);
  }

  #now() {
    if (document.hidden) return;
    this.#paintedAt = performance.now();
    this.#timer = setTimeout(() => this.#now(), EVERY_MS);
    this.#paint();
  }
}
