// Power spectrum of real sound: the radix-2 transform (Cooley and Tukey 1965), in place.

/** Computes |DFT|² of `size` real samples, a power of two, for the bins 0 … size / 2. */
export class PowerSpectrum {
  #size;
  #cos;
  #sin;
  #order;
  #re;
  #im;

  constructor(size) {
    this.#size = size;
    this.#cos = Float64Array.from({ length: size / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.#sin = Float64Array.from({ length: size / 2 }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
    const bits = Math.log2(size);
    this.#order = Uint16Array.from({ length: size }, (_, k) => reversed(k, bits));
    this.#re = new Float64Array(size);
    this.#im = new Float64Array(size);
    this.power = new Float64Array(size / 2 + 1);
  }

  /** Return the powers of `samples`; the same array is used for each call. */
  of(samples) {
    const [re, im] = [this.#re, this.#im];
    for (let k = 0; k < this.#size; k++) {
      re[k] = samples[this.#order[k]];
    }
    im.fill(0);
    for (let half = 1; half < this.#size; half *= 2) {
      this.#combine(half);
    }
    for (let k = 0; k < this.power.length; k++) {
      this.power[k] = re[k] * re[k] + im[k] * im[k];
    }
    return this.power;
  }

  /** Make transforms of 2 · half samples of those of half samples. */
  #combine(half) {
    const [re, im, step] = [this.#re, this.#im, this.#size / (2 * half)];
    for (let start = 0; start < this.#size; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const [cos, sin] = [this.#cos[k * step], this.#sin[k * step]];
        const [low, high] = [start + k, start + k + half];
        const turnedRe = re[high] * cos - im[high] * sin;
        const turnedIm = re[high] * sin + im[high] * cos;
        re[high] = re[low] - turnedRe;
        im[high] = im[low] - turnedIm;
        re[low] += turnedRe;
        im[low] += turnedIm;
      }
    }
  }
}

function reversed(number, bits) {
  let result = 0;
  for (let bit = 0; bit < bits; bit++) {
    result = (result << 1) | ((number >> bit) & 1);
  }
  return result;
}
