// Hears apart from the page, so that the page stays at hand: blocks in, seconds and events out.

import { Chain, loadModels } from "./chain.js";
import { FRAME_RATE_HZ, SAMPLE_RATE_HZ } from "./features/features.js";
import * as ort from "./runtime/ort.wasm.min.mjs";

const TOLD_SAMPLES = 2 * SAMPLE_RATE_HZ; // a hop of the encoder

// more threads would need a page that is cut off from others, which no ingress has
ort.env.wasm.numThreads = 1;

let chain = null;
let models = null;
let work = Promise.resolve();

/** Messages: {begin}, {block: {start, samples}}, {finish}; one after the other, each answered. */
self.onmessage = ({ data }) => {
  work = work.then(() => answer(data)).catch((error) => postMessage({ failed: String(error) }));
};

async function answer(message) {
  if (message.begin) {
    models ??= await loadModels(ort, await bytesOf("encoder.onnx"), await bytesOf("detector.onnx"));
    chain = new Chain(models);
  } else if (message.block) {
    await hear(message.block);
  } else {
    const { steps, last } = await chain.finish();
    postMessage(told(steps, last.events));
  }
  postMessage({ done: true });
}

/** Hear a block, and tell what it led to as it comes. */
async function hear({ start, samples }) {
  for (let at = 0; at < samples.length; at += TOLD_SAMPLES) {
    const beganMs = performance.now();
    const piece = samples.subarray(at, at + TOLD_SAMPLES);
    const steps = await chain.push({ start: start + at, samples: piece });
    const tookS = (performance.now() - beganMs) / 1000;
    postMessage({ ...told(steps), tookS, heardS: piece.length / SAMPLE_RATE_HZ });
  }
}

async function bytesOf(name) {
  const response = await fetch(new URL(`models/${name}`, import.meta.url));
  if (!response.ok) {
    throw new Error(`the model ${name} could not be loaded (${response.status})`);
  }
  return new Uint8Array(await response.arrayBuffer());
}

/** Return a row for each second, of its last frame, and the events that were decided. */
function told(steps, rest = []) {
  const rows = steps.filter(({ frame }) => frame.index % FRAME_RATE_HZ === FRAME_RATE_HZ - 1);
  const seconds = rows.map(({ frame, scored }) => ({
    atS: Math.floor(frame.index / FRAME_RATE_HZ),
    levelDbfs: frame.level_dbfs,
    noiseDbfs: frame.noise_dbfs,
    breath: frame.breath,
    pause: frame.apnea,
    reduced: frame.hypopnea,
    snore: frame.snore,
    gasp: frame.gasp,
    silent: frame.silent,
    clipped: frame.clipped,
    isHeard: frame.valid,
    audible: scored.audible,
    monitorable: scored.monitorable,
    progress: scored.progress,
    pauseS: scored.progress_onset_s === null ? null : (frame.index + 1) / FRAME_RATE_HZ - scored.progress_onset_s,
  }));
  return { seconds, events: [...steps.flatMap(({ scored }) => scored.events), ...rest] };
}
