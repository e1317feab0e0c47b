// The frames of a FLAC file (RFC 9639).

import { partsOf, scan } from "./parts.js";

const LONGEST_HEADER = 16;
const STREAMINFO_BYTES = 42; // the mark, and the block that always comes first

/** Yield the parts of a FLAC file, see `partsOf`. */
export async function flacParts(file) {
  const head = new Uint8Array(await file.slice(0, STREAMINFO_BYTES).arrayBuffer());
  head[4] |= 0x80; // no other block of metadata follows
  head[21] &= 0xf0; // how many samples follow is not known
  head.fill(0, 22, 26);
  const rateHz = (head[18] << 12) | (head[19] << 4) | (head[20] >> 4);
  const frames = { offsets: [], ends: [] };
  const begin = await audioAt(file);
  await scan(file.slice(begin), (bytes, at) => findFrames(bytes, begin + at, frames, file.size));
  return partsOf(file, { header: head, ...frames, endAt: file.size, rateHz });
}

/** Return where the metadata end. */
async function audioAt(file) {
  for (let at = 4; ; ) {
    const block = new Uint8Array(await file.slice(at, at + 4).arrayBuffer());
    if (block.length < 4) {
      throw new Error("its metadata have no end");
    }
    at += 4 + ((block[1] << 16) | (block[2] << 8) | block[3]);
    if (block[0] & 0x80) {
      return at;
    }
  }
}

/** Append the frames that begin in `bytes`; return how many bytes need not be seen again. */
function findFrames(bytes, fileAt, frames, fileSize) {
  const isLast = fileAt + bytes.length >= fileSize;
  const stop = isLast ? bytes.length : bytes.length - LONGEST_HEADER;
  for (let at = 0; at < stop; at++) {
    if (bytes[at] !== 0xff || (bytes[at + 1] & 0xfe) !== 0xf8) {
      continue;
    }
    const frame = readHeader(bytes, at);
    const begin = frames.ends.at(-1) ?? 0;
    const expected = frame?.isFixed ? frames.offsets.length : begin;
    if (frame && frame.number === expected) {
      frames.offsets.push(fileAt + at);
      frames.ends.push(begin + frame.samples);
    }
  }
  return stop;
}

/** Read a frame's header at `at`; null where there is none. */
function readHeader(bytes, at) {
  const [sizeCode, rateCode] = [bytes[at + 2] >> 4, bytes[at + 2] & 15];
  if (!sizeCode || rateCode === 15 || bytes[at + 3] & 1) {
    return null;
  }
  let next = at + 5;
  const leading = Math.clz32(~(bytes[at + 4] << 24)); // ones that begin a number coded as in UTF-8
  if (leading === 1 || leading > 7) {
    return null;
  }
  let number = leading ? bytes[at + 4] & (0x7f >> leading) : bytes[at + 4];
  for (let k = 1; k < leading; k++) {
    number = number * 64 + (bytes[next++] & 0x3f);
  }
  let samples = sizeCode === 1 ? 192 : sizeCode < 6 ? 576 << (sizeCode - 2) : 256 << (sizeCode - 8);
  if (sizeCode === 6) {
    samples = bytes[next++] + 1;
  } else if (sizeCode === 7) {
    samples = ((bytes[next++] << 8) | bytes[next++]) + 1;
  }
  next += rateCode === 12 ? 1 : rateCode > 12 ? 2 : 0;
  const isWhole = crc8(bytes.subarray(at, next)) === bytes[next];
  return isWhole ? { number, samples, isFixed: !(bytes[at + 1] & 1) } : null;
}

/** Return the CRC-8 of a header, polynomial x⁸ + x² + x + 1. */
function crc8(bytes) {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 0x80 ? (crc << 1) ^ 0x107 : crc << 1;
    }
  }
  return crc;
}
