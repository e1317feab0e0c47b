// Band levels of each frame: features/levels.py, which says what the columns are.

import { FRAME_RATE_HZ, FRAME_SAMPLES, SAMPLE_RATE_HZ } from "./features.js";
import { PowerSpectrum } from "./fft.js";
import { FAST, NoiseFloor } from "./floor.js";

export const BANDS = 16;
export const LEVEL_WIDTH = 4 * BANDS + 3;
export const WINDOW_SAMPLES = 512; // 32 ms
export const HOP_SAMPLES = 320; // 20 ms
export const SAMPLES_BEFORE = WINDOW_SAMPLES - HOP_SAMPLES;
export const QUIETEST_DBFS = -120;

const WIDTH = BANDS + 1; // powers of a window: the bands and 0.3-4 kHz
export const BROADBAND_HZ = [300, 4_000];
export const LEAST_POWER = 1e-20;
export const OVER_FLOOR = [-1, 6]; // units of 10 dB
export const COLOUR = [-4, 4];
export const FULL_SCALE = Math.fround(0.999);
export const CLIPPED_SAMPLES = 3;
const FRAME_WINDOWS = FRAME_SAMPLES / HOP_SAMPLES;

/** Measures second after second of a stream, on the absolute grid of seconds. */
export class LevelMeter {
  #floor = new NoiseFloor(WIDTH);
  #fastFloor = new NoiseFloor(WIDTH, FAST);
  #spectrum = new PowerSpectrum(WINDOW_SAMPLES);
  #window = new Float64Array(WINDOW_SAMPLES);
  #taper = hann();
  #weights = bandWeights(this.#taper);

  /**
   * Measure `second`: its 16 000 samples with the 192 before them, flags of lost frames.
   *
   * `floorDbfs` is the broadband floor at its end, null before any sound; the other fields are
   * those of `Features`.
   */
  push(second, samples, lost) {
    const [silent, clipped] = flags(samples.subarray(SAMPLES_BEFORE), lost);
    const [mean, peak] = this.#framePowers(samples);
    const usable = lost.map((flag, frame) => Number(!flag && !silent[frame]));
    const floor = this.#floor.push(second, mean, usable);
    const fast = this.#fastFloor.push(second, mean, usable);
    const noiseDb = floor.map((power, k) => decibels(Number.isNaN(power) ? mean[k] : power));
    const fastDb = fast.map((power, k) => decibels(Number.isNaN(power) ? mean[k] : power));
    const levels = new Float32Array(FRAME_RATE_HZ * LEVEL_WIDTH);
    for (let frame = 0; frame < FRAME_RATE_HZ; frame++) {
      if (!lost[frame]) {
        const of = (powers) => powers.subarray(frame * WIDTH, (frame + 1) * WIDTH);
        const row = columns(of(mean).map(decibels), of(peak).map(decibels), of(noiseDb), of(fastDb));
        levels.set(row, frame * LEVEL_WIDTH);
      }
    }
    const broad = (powers, frame) => powers[frame * WIDTH + BANDS];
    const frames = [...usable.keys()];
    return {
      floorDbfs: lastFloor(frames.map((k) => broad(floor, k)), frames.map((k) => broad(mean, k)), usable),
      levels,
      level_dbfs: Float32Array.from(frames, (k) =>
        usable[k] ? Math.max(decibels(broad(mean, k)), QUIETEST_DBFS) : QUIETEST_DBFS,
      ),
      noise_dbfs: Float32Array.from(frames, (k) => Math.max(broad(noiseDb, k), QUIETEST_DBFS)),
      clipped,
      silent,
    };
  }

  /** Return mean and greatest power of each frame's windows, (5 × 17) each. */
  #framePowers(samples) {
    const mean = new Float64Array(FRAME_RATE_HZ * WIDTH);
    const peak = new Float64Array(FRAME_RATE_HZ * WIDTH);
    for (let window = 0; window < FRAME_RATE_HZ * FRAME_WINDOWS; window++) {
      const frame = Math.floor(window / FRAME_WINDOWS);
      const start = window * HOP_SAMPLES;
      const powers = this.#bandPowers(samples.subarray(start, start + WINDOW_SAMPLES));
      for (let band = 0; band < WIDTH; band++) {
        const at = frame * WIDTH + band;
        mean[at] += powers[band] / FRAME_WINDOWS;
        peak[at] = Math.max(peak[at], powers[band]);
      }
    }
    return [mean, peak];
  }

  /** Return mean squares of one window: its bands, then 0.3-4 kHz. */
  #bandPowers(samples) {
    // a constant offset of cheap microphones would leak into the lowest bands
    const offset = samples.reduce((sum, sample) => sum + sample, 0) / WINDOW_SAMPLES;
    for (let k = 0; k < WINDOW_SAMPLES; k++) {
      this.#window[k] = (samples[k] - offset) * this.#taper[k];
    }
    const power = this.#spectrum.of(this.#window);
    return this.#weights.map(({ first, shares }) =>
      shares.reduce((sum, share, k) => sum + share * power[first + k], 0),
    );
  }
}

/** Return 10·log10 of a mean square, re full scale; nothing lies below −200 dB. */
export function decibels(power) {
  return 10 * Math.log10(Math.max(power, LEAST_POWER));
}

/** Return which of the five frames are digital silence, and which are clipped. */
function flags(samples, lost) {
  const silent = new Uint8Array(FRAME_RATE_HZ);
  const clipped = new Uint8Array(FRAME_RATE_HZ);
  for (let frame = 0; frame < FRAME_RATE_HZ; frame++) {
    const part = samples.subarray(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES);
    silent[frame] = Number(!lost[frame] && part.every((sample) => sample === part[0]));
    const full = part.reduce((count, sample) => count + (Math.abs(sample) >= FULL_SCALE), 0);
    clipped[frame] = Number(full >= CLIPPED_SAMPLES);
  }
  return [silent, clipped];
}

/** Return the floor (dB) at the end of a second; a lone frame of sound stands for itself. */
function lastFloor(floor, mean, usable) {
  const heard = mean.filter((_, frame) => usable[frame]).slice(-1);
  const known = [...heard, ...floor.filter(Number.isFinite)];
  return known.length ? decibels(known.at(-1)) : null;
}

/** Return the 67 columns of a frame from its levels (17 each, the last being broadband). */
function columns(meanDb, peakDb, floorDb, fastDb) {
  const over = (db) => Array.from(db, (value, k) => clip((value - floorDb[k]) / 10, OVER_FLOOR));
  const [mean, peak, risen] = [over(meanDb), over(peakDb), over(fastDb)];
  const colour = [...floorDb.subarray(0, BANDS)].map((db) => clip((db - floorDb[BANDS]) / 10, COLOUR));
  return [...mean.slice(0, BANDS), ...peak.slice(0, BANDS), ...colour, mean[BANDS], peak[BANDS], ...risen];
}

function clip(value, [least, most]) {
  return Math.min(Math.max(value, least), most);
}

function hann() {
  const phase = (k) => (2 * Math.PI * k) / WINDOW_SAMPLES;
  return Float32Array.from({ length: WINDOW_SAMPLES }, (_, k) => 0.5 - 0.5 * Math.cos(phase(k)));
}

/**
 * Return what share of each bin's power counts in each of 17 bands, scaled to mean squares; bins
 * before `first` and behind its `shares` do not count.
 */
function bandWeights(taper) {
  const widthHz = SAMPLE_RATE_HZ / WINDOW_SAMPLES;
  const energy = taper.reduce((sum, value) => sum + value * value, 0);
  const scale = 2 / (WINDOW_SAMPLES * energy); // both halves of the spectrum; Parseval
  return bandEdges().map(([lowHz, highHz]) => {
    const share = (bin) => {
      const centre = bin * widthHz;
      const inside = Math.min(highHz, centre + widthHz / 2) - Math.max(lowHz, centre - widthHz / 2);
      return Math.fround(clip(inside / widthHz, [0, 1]) * scale);
    };
    const first = Math.round(lowHz / widthHz);
    const count = Math.round(highHz / widthHz) - first + 1;
    return { first, shares: Array.from({ length: count }, (_, k) => share(first + k)) };
  });
}

function bandEdges() {
  const edge = (band) => 50 * (7_000 / 50) ** (band / BANDS);
  const bands = Array.from({ length: BANDS }, (_, band) => [edge(band), edge(band + 1)]);
  return [...bands, BROADBAND_HZ];
}
