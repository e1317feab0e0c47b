// WAV files in parts: each a WAV file of its own, with some sound around what is wanted of it.

import { MARGIN_S, PART_S } from "./parts.js";

const HEADER_BYTES = 1 << 20; // the data begin within, unless a file is all metadata

/** Yield the parts of a WAV file, see `partsOf`. */
export async function* wavParts(file) {
  const format = await readHeader(file);
  const { rateHz, frameBytes, frames, dataAt } = format;
  for (let from = 0; from < frames; from += PART_S * rateHz) {
    const to = Math.min(from + PART_S * rateHz, frames);
    const end = Math.min(to + MARGIN_S * rateHz, frames);
    const start = Math.max(from - MARGIN_S * rateHz, 0);
    const slice = file.slice(dataAt + start * frameBytes, dataAt + end * frameBytes);
    const bytes = await new Blob([header(format.chunk, slice.size), slice]).arrayBuffer();
    yield { bytes, rateHz, from, to, end, total: frames };
  }
}

/** Find format and data of a RIFF or RF64 file; a length that is not known reaches to its end. */
async function readHeader(file) {
  const head = new Uint8Array(await file.slice(0, HEADER_BYTES).arrayBuffer());
  const view = new DataView(head.buffer);
  const name = (at) => String.fromCharCode(...head.subarray(at, at + 4));
  let chunk = null;
  for (let at = 12; at + 8 <= head.length; ) {
    const length = view.getUint32(at + 4, true);
    if (name(at) === "fmt ") {
      chunk = head.slice(at, at + 8 + length);
    } else if (name(at) === "data" && chunk) {
      const about = new DataView(chunk.buffer);
      const [rateHz, frameBytes] = [about.getUint32(12, true), about.getUint16(20, true)];
      const present = file.size - at - 8;
      const bytes = length && length < present ? length : present;
      return { chunk, rateHz, frameBytes, frames: Math.floor(bytes / frameBytes), dataAt: at + 8 };
    }
    at += 8 + length + (length % 2);
  }
  throw new Error("its header names no sound");
}

/** Return mono samples as a WAV file of 32-bit floats. */
export function wavOf(samples, rateHz) {
  const chunk = new Uint8Array(24);
  const view = new DataView(chunk.buffer);
  chunk.set([0x66, 0x6d, 0x74, 0x20, 16, 0, 0, 0, 3, 0, 1, 0]); // "fmt ", its length, float, mono
  view.setUint32(12, rateHz, true);
  view.setUint32(16, 4 * rateHz, true);
  chunk.set([4, 0, 32, 0], 20); // bytes of a frame, bits of a sample
  return new Blob([header(chunk, 4 * samples.length), samples]).arrayBuffer();
}

function header(chunk, dataBytes) {
  const bytes = new Uint8Array(12 + chunk.length + 8);
  const view = new DataView(bytes.buffer);
  const write = (text, at) => bytes.set(Array.from(text, (letter) => letter.charCodeAt(0)), at);
  write("RIFF", 0);
  view.setUint32(4, bytes.length - 8 + dataBytes, true);
  write("WAVE", 8);
  bytes.set(chunk, 12);
  write("data", 12 + chunk.length);
  view.setUint32(16 + chunk.length, dataBytes, true);
  return bytes;
}
