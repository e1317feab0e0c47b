// The chain: a block of sound goes in, scored frames come out: service/chain.py.

import { Detector } from "./detector/detector.js";
import { readProperties } from "./detector/properties.js";
import { Encoder } from "./features/encoder.js";
import { FeatureExtractor } from "./features/extractor.js";
import { Scorer } from "./scoring/scorer.js";
import { scoringSettings } from "./scoring/thresholds.js";

const SENSITIVITY = "balanced"; // the default of the setting detection.sensitivity

/** Front end, detector and scoring in a row; memory does not grow with the stream. */
export class Chain {
  #extractor;
  #detector;
  #scorer;

  /** `models` as `loadModels` gives them; chunks as `FeatureExtractor` takes them. */
  constructor(models, chunkS = 4, hopS = 2) {
    this.#extractor = new FeatureExtractor(models.encoder, chunkS, hopS);
    this.#detector = new Detector(models.network, models.metadata, models.Tensor);
    this.#scorer = new Scorer(scoringSettings(models.metadata.thresholds[SENSITIVITY]));
  }

  /** Return what a block `{start, samples}` led to: steps `{frame, scored}`. */
  async push(block) {
    return this.#steps(await this.#extractor.push(block));
  }

  /** Return the steps still owed and the events that the end itself decides. */
  async finish() {
    const steps = await this.#steps(await this.#extractor.flush());
    return { steps, last: this.#scorer.finish(await this.#detector.flush()) };
  }

  async #steps(features) {
    const frames = features === null ? [] : await this.#detector.push(features);
    return frames.map((frame) => ({ frame, scored: this.#scorer.push(frame) }));
  }
}

/** Open the two model files (bytes) with onnxruntime-web `ort`. */
export async function loadModels(ort, encoderFile, detectorFile) {
  const open = (file) => ort.InferenceSession.create(file, { executionProviders: ["wasm"] });
  const metadata = JSON.parse(readProperties(detectorFile).detector);
  const encoder = new Encoder(await open(encoderFile), readProperties(encoderFile), ort.Tensor);
  return { encoder, network: await open(detectorFile), metadata, Tensor: ort.Tensor };
}
