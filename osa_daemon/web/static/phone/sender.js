// Sends frames, keeps them until they have arrived, and connects again for ever.

import { VERSION, encodeFrame, encodeHello, encodeNote } from "./wire.js";

const KEPT = 100; // frames: 10 s. Older ones are dropped, and the count goes on: a gap
const ON_THE_WAY_BYTES = 1 << 17; // handed to the browser: what it has cannot be dropped any more
const NOTE_MS = 2000;
const DEAF_MS = 6000; // without an answer the connection is dead, whatever the browser says
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10000;
export const NOT_SIGNED_IN = 4401;
const NOT_WANTED = 4412; // ours alone: such a daemon has nobody who could close by it
const FINAL = new Set([1008, 1009, NOT_SIGNED_IN, 4410, NOT_WANTED]); // trying again would change nothing
const REASONS = {
  [NOT_SIGNED_IN]: "Nobody is signed in here, or no longer: sign in, then press Start again.",
  [NOT_WANTED]:
    "The daemon has another microphone: set microphone.device: phone in " +
    "/etc/osa-daemon/config.yaml, restart the daemon (sudo systemctl restart osa-daemon), then " +
    "press Start again.",
};

/** A connection to the daemon for one stream at a time. `onChange` is called when it changed. */
export class Sender {
  constructor(url, sessionUrl, note, onChange) {
    this.url = url;
    this.sessionUrl = sessionUrl;
    this.note = note; // returns how the phone is
    this.onChange = onChange;
    this.frames = []; // {sequence, data}, not known to have arrived
    this.sent = 0; // how many of them are on the way
    this.isOpen = false;
    this.rests = false;
    this.heardMs = 0;
    this.refused = ""; // why the daemon closed the connection
    this.told = ""; // a sentence of its own
    this.code = 0; // by which it closed the connection
    this.dropped = 0;
  }

  /** Begin a stream; what is left of the one before is dropped. */
  begin(stream, rateHz, ignored) {
    this.hello = encodeHello(stream, rateHz, ignored);
    this.frames = [];
    this.sent = 0;
    this.sequence = 0;
    this.failures = 0;
    this.refused = this.told = "";
    this.connect();
  }

  end() {
    this.hello = null;
    clearTimeout(this.timer);
    this.tellNote();
    this.forget();
  }

  get canSend() {
    return this.isOpen && this.socket.readyState === WebSocket.OPEN;
  }

  get isHeard() {
    return this.isOpen && performance.now() - this.heardMs < 4000;
  }

  get isOver() {
    return FINAL.has(this.code);
  }

  push(start, clockS, samples) {
    const sequence = this.sequence++;
    if (this.rests) return;
    this.frames.push({ sequence, data: encodeFrame(sequence, start, clockS, samples) });
    while (this.frames.length > KEPT) {
      this.frames.shift();
      this.sent = Math.max(0, this.sent - 1);
      this.dropped++;
    }
    this.pump();
  }

  /** To be called a few times a second. */
  tick() {
    const now = performance.now();
    if (!this.isOpen) return;
    if (now - this.heardMs > DEAF_MS) {
      this.lose(0);
    } else if (now - this.notedMs > NOTE_MS) {
      this.tellNote();
    }
  }

  tellNote() {
    if (!this.canSend) return;
    this.notedMs = performance.now();
    this.socket.send(encodeNote(this.note()));
  }

  pump() {
    while (
      this.canSend &&
      this.sent < this.frames.length &&
      this.socket.bufferedAmount < ON_THE_WAY_BYTES
    ) {
      this.socket.send(this.frames[this.sent].data);
      this.sent++;
    }
  }

  connect() {
    this.forget();
    clearTimeout(this.timer);
    this.code = 0;
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => socket.send(this.hello);
    socket.onmessage = ({ data }) => this.hear(JSON.parse(data));
    socket.onclose = ({ code }) => this.lose(code);
    // a handshake into a dead network may hang for minutes
    this.timer = setTimeout(() => this.isOpen || this.lose(0), LONGEST_PAUSE_MS);
  }

  hear(message) {
    if (message.v !== VERSION) return;
    this.heardMs = performance.now();
    if (message.welcome) {
      this.isOpen = true;
      this.failures = 0;
      this.refused = "";
      this.notedMs = -NOTE_MS;
      this.arrived(message.welcome.next - 1);
      this.sent = 0;
      this.tellNote();
      this.pump();
    }
    if (message.heard !== undefined) {
      this.arrived(message.heard);
      this.rests = message.rests === true;
      this.pump();
    }
    this.refused = message.refused ?? this.refused;
    this.told = message.told ?? this.told;
    this.onChange();
  }

  arrived(sequence) {
    while (this.frames.length && this.frames[0].sequence <= sequence) {
      this.frames.shift();
      this.sent = Math.max(0, this.sent - 1);
    }
  }

  /** The connection is gone: try again, ever more seldom, save where that is of no use. */
  lose(code) {
    if (this.socket && !this.isOpen && code < 1007) this.askWhy();
    this.forget();
    this.code = code;
    if (code < 1007) this.refused = ""; // nobody closed it: it was lost
    clearTimeout(this.timer);
    if (this.hello && !this.isOver) {
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.failures++);
      this.timer = setTimeout(() => this.connect(), pause * (0.8 + 0.4 * Math.random()));
    }
    this.onChange();
  }

  /** A browser does not say why it was not let in: ask who is signed in, and what is wanted. */
  async askWhy() {
    const hello = this.hello;
    try {
      const answer = await fetch(this.sessionUrl);
      const { signed_in: isSignedIn, needs_password: isNeeded, phone } = await answer.json();
      const code = isNeeded && !isSignedIn ? NOT_SIGNED_IN : phone === false ? NOT_WANTED : 0;
      if (this.hello !== hello || this.isOpen || !code) return;
      clearTimeout(this.timer);
      this.forget();
      this.code = code;
      this.refused = REASONS[code];
      this.onChange();
    } catch {
      // the daemon does not answer: that is said already
    }
  }

  forget() {
    this.isOpen = false;
    if (!this.socket) return;
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.close(1000);
    this.socket = null;
  }
}
