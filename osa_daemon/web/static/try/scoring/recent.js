// How often something was so of late: scoring/recent.py.

/** Counts the true flags among the last `size` frames. */
export class Recent {
  #flags = [];
  #size;

  constructor(size) {
    this.#size = size;
    this.count = 0;
  }

  /** Take the next frame's flag and return the count. */
  push(flag) {
    if (this.#flags.length === this.#size) {
      this.count -= Number(this.#flags.shift());
    }
    this.#flags.push(flag);
    this.count += Number(flag);
    return this.count;
  }

  /** Forget all frames. */
  clear() {
    this.#flags = [];
    this.count = 0;
  }
}
