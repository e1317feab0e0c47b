// The Whisper encoder as a function: features/encoder.py.

import { FRAME_RATE_HZ } from "./features.js";

/** Runs an open encoder: `session` and `Tensor` of onnxruntime-web, and the file's properties. */
export class Encoder {
  #session;
  #Tensor;

  constructor(session, properties, Tensor) {
    this.#session = session;
    this.#Tensor = Tensor;
    this.width = Number(properties.width);
    this.samplesBefore = Number(properties.samples_before);
    this.samplesAfter = Number(properties.samples_after);
    if (Number(properties.frame_rate_hz) !== FRAME_RATE_HZ || !this.width) {
      throw new Error("encoder.onnx is not the encoder of this release: install the package again.");
    }
  }

  /** Return (frames × width) for `samplesBefore` + 3200 · frames + `samplesAfter` samples. */
  async run(samples) {
    const audio = new this.#Tensor("float32", samples, [1, samples.length]);
    const { features } = await this.#session.run({ audio });
    return features.data;
  }
}
