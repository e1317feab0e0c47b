// Runs the detector's network over a stream of features: detector/detector.py.

import { LEVEL_WIDTH } from "../features/levels.js";

export const CLASSES = ["audible", "breath", "apnea", "hypopnea", "snore", "gasp"];

/**
 * Features in, one frame per 0.2 s out; cost and memory do not grow with the stream.
 *
 * `session` and `Tensor` are of onnxruntime-web, `metadata` is what the model says of itself.
 */
export class Detector {
  #session;
  #Tensor;
  #metadata;
  #state;
  #next = -1;
  #waiting = []; // [index, valid] of each frame whose delayed reading is still to come

  constructor(session, metadata, Tensor) {
    if (metadata.classes.join() !== CLASSES.join() || metadata.level_width > LEVEL_WIDTH) {
      throw new Error("detector.onnx is not the detector of this release: install the package again.");
    }
    this.#session = session;
    this.#metadata = metadata;
    this.#Tensor = Tensor;
    this.#forget();
  }

  /** Return the frames of `features`; a jump of the index begins anew after a long gap. */
  async push(features) {
    if (!features.length) {
      return [];
    }
    if (features.index !== this.#next) {
      this.#forget();
    }
    this.#next = features.index + features.length;
    const [causal, delayed] = await this.#run(features.encoder, this.#known(features), features.valid);
    return Array.from({ length: features.length }, (_, row) => {
      const valid = Boolean(features.valid[row]);
      this.#waiting.push([features.index + row, valid]);
      const full = this.#waiting.length > this.#metadata.delay_frames;
      return {
        index: features.index + row,
        valid,
        level_dbfs: features.level_dbfs[row],
        noise_dbfs: features.noise_dbfs[row],
        clipped: Boolean(features.clipped[row]),
        silent: Boolean(features.silent[row]),
        ...reading(causal, row, valid),
        delayed: full ? this.#delayedOf(delayed, row) : null,
      };
    });
  }

  /** Return the delayed readings still owed at the end of a stream; nothing may follow. */
  async flush() {
    const count = this.#waiting.length;
    if (!count) {
      return [];
    }
    const { delay_frames: pad, encoder_width, level_width } = this.#metadata;
    const [encoder, levels] = [new Float32Array(pad * encoder_width), new Float32Array(pad * level_width)];
    // lost sound follows the end: the network was taught such frames as gaps
    const [, delayed] = await this.#run(encoder, levels, new Uint8Array(pad));
    return Array.from({ length: count }, (_, k) => this.#delayedOf(delayed, pad - count + k));
  }

  #forget() {
    const shape = this.#metadata.state_shape;
    const zeros = new Float32Array(shape.reduce((product, size) => product * size));
    this.#state = new this.#Tensor("float32", zeros, shape);
    this.#waiting = [];
  }

  /** Return the columns of levels that the network was trained with. */
  #known(features) {
    const width = this.#metadata.level_width;
    const known = new Float32Array(features.length * width);
    for (let row = 0; row < features.length; row++) {
      known.set(features.levels.subarray(row * LEVEL_WIDTH, row * LEVEL_WIDTH + width), row * width);
    }
    return known;
  }

  /** Run the network; return causal and delayed probabilities, (frames × classes) each. */
  async #run(encoder, levels, valid) {
    const tensor = (data, width) => new this.#Tensor("float32", data, [1, valid.length, width]);
    const outputs = await this.#session.run({
      encoder: tensor(encoder, this.#metadata.encoder_width),
      levels: tensor(levels, this.#metadata.level_width),
      valid: tensor(Float32Array.from(valid), 1),
      state_in: this.#state,
    });
    this.#state = outputs.state_out;
    return [outputs.causal.data, outputs.delayed.data];
  }

  #delayedOf(delayed, row) {
    const [index, valid] = this.#waiting.shift();
    return { index, ...reading(delayed, row, valid) };
  }
}

/** Return the probabilities of a row by name, zeros where the frame is not valid. */
function reading(rows, row, valid) {
  return Object.fromEntries(
    CLASSES.map((name, k) => [name, valid ? rows[row * CLASSES.length + k] : 0]),
  );
}
