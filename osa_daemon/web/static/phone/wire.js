// What is said on the wire: osa_daemon/web/phone_wire.py describes it.

export const VERSION = 1;
export const HEADER_BYTES = 24;
const INT16 = 1;

/** Return one frame as an ArrayBuffer: samples are a Float32Array, clockS is the phone's (s). */
export function encodeFrame(sequence, start, clockS, samples) {
  const frame = new ArrayBuffer(HEADER_BYTES + 2 * samples.length);
  const view = new DataView(frame);
  view.setUint8(0, VERSION);
  view.setUint8(1, INT16);
  view.setUint16(2, samples.length, true);
  view.setUint32(4, sequence, true);
  view.setUint32(8, start % 2 ** 32, true);
  view.setUint32(12, Math.floor(start / 2 ** 32), true);
  view.setFloat64(16, clockS, true);
  for (let i = 0; i < samples.length; i++) {
    const scaled = Math.max(-32768, Math.min(32767, Math.round(samples[i] * 32768)));
    view.setInt16(HEADER_BYTES + 2 * i, scaled, true);
  }
  return frame;
}

export function encodeHello(stream, rateHz, ignored) {
  return JSON.stringify({ v: VERSION, hello: { stream, rate_hz: rateHz, ignored } });
}

export function encodeNote(note) {
  return JSON.stringify({ v: VERSION, note });
}

/** Return a name for a new stream: 32 characters of 0-9 and a-f. */
export function newStream() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The phone's clock (s). `performance.now` stands still while some systems sleep; this does not. */
export class Clock {
  constructor(steady = () => performance.now(), wall = () => Date.now()) {
    this.steady = steady;
    this.wall = wall;
    this.lastSteady = steady();
    this.lastWall = wall();
    this.sleptMs = 0;
  }

  now() {
    const steady = this.steady();
    const wall = this.wall();
    const slept = wall - this.lastWall - (steady - this.lastSteady);
    if (slept > 1000) this.sleptMs += slept; // less is a clock that was set
    this.lastSteady = steady;
    this.lastWall = wall;
    return (steady + this.sleptMs) / 1000;
  }
}
