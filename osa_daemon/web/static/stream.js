/**
 * Server-sent events, read by fetch: unlike EventSource it sees the comments, so that a dead
 * connection is told from a quiet one, and the status and sentence of a refusal.
 */

import { ask, unreachable } from "./api.js";

const LONGEST_EVENT = 262144; // characters; the daemon's lines are a quarter of that at most

/**
 * Resolves where the server ends the stream; throws where it refuses or the connection breaks.
 *
 * @param {string} path
 * @param {{opened: () => void, alive: () => void, message: (name: string, data: any) => void}} to
 * @param {AbortSignal} signal
 */
export async function readStream(path, to, signal) {
  const answer = await ask(path, { headers: { Accept: "text/event-stream" }, signal });
  to.opened();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  const events = new EventLines((name, data) => to.message(name, data));
  for (;;) {
    const { done, value } = await reader.read().catch(unreachable);
    if (done) return;
    to.alive();
    events.push(value);
  }
}

/** Makes events of text that comes in pieces. */
class EventLines {
  #rest = "";
  #name = "";
  /** @type {string[]} */
  #data = [];
  #tell;

  /** @param {(name: string, data: any) => void} tell */
  constructor(tell) {
    this.#tell = tell;
  }

  /** @param {string} piece */
  push(piece) {
    const lines = (this.#rest + piece).split("\n");
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > LONGEST_EVENT) throw new Error("The daemon sent an endless line.");
    for (const line of lines) this.#line(line.endsWith("\r") ? line.slice(0, -1) : line);
  }

  /** @param {string} line */
  #line(line) {
    if (line === "") {
      if (this.#data.length) this.#tell(this.#name || "message", JSON.parse(this.#data.join("\n")));
      this.#name = "";
      this.#data = [];
    } else if (line.startsWith("event:")) {
      this.#name = line.slice(6).trim();
    } else if (line.startsWith("data:")) {
      this.#data.push(line.slice(line[5] === " " ? 6 : 5));
    }
  }
}
