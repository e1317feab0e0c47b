// A recording that somebody chose, as blocks of sound at 16 kHz mono, in bounded memory.

import { SAMPLE_RATE_HZ } from "../features/features.js";
import { decode } from "./decode.js";
import { flacParts } from "./flac.js";
import { oggParts } from "./ogg.js";
import { MARGIN_S } from "./parts.js";
import { wavOf, wavParts } from "./wav.js";

const PARTS = { RIFF: wavParts, RF64: wavParts, fLaC: flacParts, OggS: oggParts };
const WHOLE_MINUTES = 60; // other formats are decoded at once: 230 MB for each channel
const ABOUT_S = 20;
const BLOCK_SAMPLES = 30 * SAMPLE_RATE_HZ;

/** Yield blocks `{start, samples, totalS}`; throws a sentence where a file cannot be heard. */
export async function* blocksOf(file) {
  const kind = new TextDecoder("latin1").decode(await file.slice(0, 4).arrayBuffer());
  try {
    const parts = await PARTS[kind]?.(file);
    let isEmpty = true;
    for await (const block of parts ? joined(parts) : whole(file)) {
      isEmpty = false;
      yield block;
    }
    if (isEmpty) {
      throw new Error("it holds no sound");
    }
  } catch (error) {
    if (error instanceof Refused) {
      throw error;
    }
    throw new Refused(
      `${file.name} cannot be decoded by this browser (${error.message}): choose a WAV, FLAC, Ogg or MP3 file.`,
    );
  }
}

/** A recording cannot be heard; its message is a sentence for a person. */
export class Refused extends Error {}

/** Decode parts at their own rate and cut them on the sample, so that they join without a seam. */
async function* joined(parts) {
  for await (const { bytes, rateHz, from, to, end, total } of parts) {
    const native = await decode(bytes, rateHz);
    const at = (sample) => Math.max(native.length - (end - sample), 0);
    const before = Math.max(from - MARGIN_S * rateHz, 0);
    const around = native.subarray(at(before), at(Math.min(to + MARGIN_S * rateHz, end)));
    const samples = rateHz === SAMPLE_RATE_HZ ? around : await decode(await wavOf(around, rateHz));
    const place = (sample) => Math.round(((sample - before) * SAMPLE_RATE_HZ) / rateHz);
    const start = (from / rateHz) * SAMPLE_RATE_HZ;
    yield { start, samples: samples.slice(place(from), place(to)), totalS: total / rateHz };
  }
}

async function* whole(file) {
  const totalS = await durationOf(file);
  if (!(totalS <= WHOLE_MINUTES * 60)) {
    throw new Refused(
      `${file.name} lasts ${Number.isFinite(totalS) ? `${Math.round(totalS / 60)} minutes` : "nobody knows how long"}; ` +
        `up to ${WHOLE_MINUTES} minutes can be heard in its format: save it as WAV or FLAC, which have no such limit.`,
    );
  }
  const samples = await decode(await file.arrayBuffer());
  for (let start = 0; start < samples.length; start += BLOCK_SAMPLES) {
    yield { start, samples: samples.slice(start, start + BLOCK_SAMPLES), totalS };
  }
}

/** Return how long (s) a recording says it is; Infinity where it does not say. */
async function durationOf(file) {
  const address = URL.createObjectURL(file);
  const audio = new Audio();
  try {
    return await new Promise((resolve, reject) => {
      audio.onloadedmetadata = () => resolve(audio.duration);
      audio.onerror = () => reject(new Error("it is no sound that it knows"));
      setTimeout(() => reject(new Error("its beginning cannot be read")), ABOUT_S * 1000);
      audio.preload = "metadata";
      audio.src = address;
    });
  } finally {
    audio.removeAttribute("src");
    URL.revokeObjectURL(address);
  }
}
