/** What is read out to those who do not look: a pause and its end, an alert, a lost connection. */

import { say } from "./element.js";

export class Speaker {
  #polite;
  #urgent;
  #progress = "";
  #connection = "connecting";
  #alert = "";

  /** @param {HTMLElement} polite @param {HTMLElement} urgent live regions */
  constructor(polite, urgent) {
    this.#polite = polite;
    this.#urgent = urgent;
  }

  /** Reads out when whoever listens has time. @param {string} text */
  tell(text) {
    say(this.#polite, text);
  }

  /** Reads out at once. @param {string} text */
  call(text) {
    say(this.#urgent, text);
  }

  /** Tells what has changed. @param {import("./live.js").Live} live */
  listen(live) {
    this.#hearConnection(live);
    if (live.connection !== "open") return;
    this.#hearAlert(live.states.alert);
    this.#hearProgress(live.states.apnea);
  }

  /** @param {import("./live.js").Live} live */
  #hearConnection({ connection, reason }) {
    if (connection === this.#connection) return;
    if (connection === "lost") this.call(`No connection to the daemon. ${reason}`);
    else if (this.#connection === "lost") this.tell("Connected to the daemon again.");
    this.#connection = connection;
  }

  /** @param {any} alert */
  #hearAlert(alert) {
    const text = alert?.active ? `Alert. ${alert.text}` : "";
    if (text !== this.#alert) this.call(text);
    this.#alert = text;
  }

  /** @param {string|undefined} progress */
  #hearProgress(progress = "") {
    if (progress === this.#progress) return;
    if (progress === "ON") this.tell("A pause in breathing sound.");
    else if (this.#progress === "ON") {
      this.tell(
        progress === "OFF" ? "The pause is over." : "Whether the pause goes on is not known any more.",
      );
    }
    this.#progress = progress;
  }
}
