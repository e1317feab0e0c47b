// Hears apart from the page, so that the page stays at hand: blocks in, seconds and events out.

import { Chain, loadModels } from "./chain.js";
import { FRAME_RATE_HZ } from "./features/features.js";
import * as ort from "./runtime/ort.wasm.min.mjs";

// more threads would need a page that is cut off from others, which no ingress has
ort.env.wasm.numThreads = 1;

let chain = null;
let models = null;
let work = Promise.resolve();

/** Messages: {begin}, {block: {start, samples}}, {finish}; one after the other. */
self.onmessage = ({ data }) => {
  work = work.then(() => answer(data)).catch((error) => postMessage({ failed: String(error) }));
};

async function answer(message) {
  if (message.begin) {
    models ??= await loadModels(ort, await bytesOf("encoder.onnx"), await bytesOf("detector.onnx"));
    chain = new Chain(models);
    postMessage({ begun: true });
  } else if (message.block) {
    const beganMs = performance.now();
    const told = tell(await chain.push(message.block));
    postMessage({ ...told, tookS: (performance.now() - beganMs) / 1000, heard: message.block.samples.length });
  } else {
    const { steps, last } = await chain.finish();
    const told = tell(steps);
    postMessage({ ...told, events: [...told.events, ...last.events], finished: true });
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
function tell(steps) {
  const rows = steps.filter(({ frame }) => frame.index % FRAME_RATE_HZ === FRAME_RATE_HZ - 1);
  const seconds = rows.map(({ frame, scored }) => ({
    atS: Math.floor(frame.index / FRAME_RATE_HZ),
    levelDbfs: frame.level_dbfs,
    noiseDbfs: frame.noise_dbfs,
    breath: frame.breath,
    pause: frame.apnea,
    reduced: frame.hypopnea,
    snore: frame.snore,
    isHeard: frame.valid,
    audible: scored.audible,
    monitorable: scored.monitorable,
    progress: scored.progress,
    pauseS: scored.progress_onset_s === null ? null : (frame.index + 1) / FRAME_RATE_HZ - scored.progress_onset_s,
  }));
  return { seconds, events: steps.flatMap(({ scored }) => scored.events) };
}
