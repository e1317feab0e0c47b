// The grid of features, as features/features.py has it: 5 frames a second.

export const SAMPLE_RATE_HZ = 16_000;
export const FRAME_RATE_HZ = 5;
export const FRAME_SAMPLES = 3_200; // 0.2 s

/** Names of the parts of `Features` with so many numbers a frame; others have one. */
const ROWS = ["encoder", "levels"];
const FLAGS = ["valid", "clipped", "silent"];
const FIGURES = ["level_dbfs", "noise_dbfs"];

/** Return `frames` frames of zeros that begin at frame `index`; see `Features` in Python. */
export function newFeatures(index, frames, encoderWidth, levelWidth) {
  return {
    index,
    length: frames,
    encoder: new Float32Array(frames * encoderWidth),
    levels: new Float32Array(frames * levelWidth),
    valid: new Uint8Array(frames),
    level_dbfs: new Float32Array(frames),
    noise_dbfs: new Float32Array(frames),
    clipped: new Uint8Array(frames),
    silent: new Uint8Array(frames),
  };
}

/** Return one `Features` for consecutive ones, or null where there are none. */
export function joinFeatures(parts) {
  const given = parts.filter((part) => part.length);
  if (given.length <= 1) {
    return given[0] ?? null;
  }
  const joined = { index: given[0].index, length: given.reduce((sum, part) => sum + part.length, 0) };
  for (const name of [...ROWS, ...FLAGS, ...FIGURES]) {
    joined[name] = concatenate(given.map((part) => part[name]));
  }
  return joined;
}

function concatenate(arrays) {
  const whole = new arrays[0].constructor(arrays.reduce((sum, array) => sum + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    whole.set(array, at);
    at += array.length;
  }
  return whole;
}
