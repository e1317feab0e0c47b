// The page's side of the worker: begin, push blocks with patience, finish.

/** Hears one stream after another; `onTold` gets `{seconds, events, tookS, heardS}` as they come. */
export class Hearing {
  #worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  #onTold;
  #isClosed = false;
  #waiting = []; // whoever awaits an answer, in the order of what was asked

  constructor(onTold) {
    this.#onTold = onTold;
    this.#worker.onmessage = ({ data }) => this.#take(data);
    this.#worker.onerror = (event) => {
      this.#fail(new Error(event.message || "its parts could not be loaded: load the page again"));
    };
  }

  /** Load the models, once, and begin a new stream. */
  begin() {
    return this.#ask({ begin: true });
  }

  /** Hear a block `{start, samples}`; whoever pushes faster than is heard awaits this. */
  push(block) {
    return this.#ask({ block }, [block.samples.buffer]);
  }

  /** End the stream: what was still waiting for what follows is told. */
  finish() {
    return this.#ask({ finish: true });
  }

  /** Let go of the worker and its memory. */
  close() {
    this.#isClosed = true;
    this.#worker.terminate();
    this.#fail(new Error("it was stopped"));
  }

  #ask(message, transfer = []) {
    if (this.#isClosed) {
      return Promise.reject(new Error("it was stopped"));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(message, transfer);
    });
  }

  #take(answer) {
    if (answer.failed) {
      this.#fail(new Error(answer.failed));
    } else if (answer.seconds) {
      this.#onTold(answer);
    } else {
      this.#waiting.shift()?.resolve();
    }
  }

  #fail(error) {
    this.#waiting.splice(0).forEach(({ reject }) => reject(error));
  }
}
