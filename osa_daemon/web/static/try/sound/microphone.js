// The microphone as blocks of sound at 16 kHz mono, untouched by what phones do to speech.

import { SAMPLE_RATE_HZ } from "../features/features.js";

const LATE_S = 1; // sound further behind the clock than this was lost

/**
 * Listen until `close()`; `take(block)` gets `{start, samples}`, where a jump of `start` is a gap;
 * `ended(sentence)` is called where the browser stops the microphone.
 */
export async function openMicrophone(take, ended) {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new Error(
      "The browser gives a microphone only to a page over HTTPS or from this very machine: open this page by https://.",
    );
  }
  const wanted = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: wanted }).catch((error) => {
    throw new Error(`The microphone cannot be used (${error.message}): allow it for this page, or plug one in.`);
  });
  const context = new AudioContext({ sampleRate: SAMPLE_RATE_HZ });
  const close = () => {
    stream.getTracks().forEach((track) => track.stop());
    return context.close();
  };
  try {
    await context.audioWorklet.addModule(new URL("recorder.js", import.meta.url));
    const recorder = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0 });
    recorder.port.onmessage = counted(take);
    context.createMediaStreamSource(stream).connect(recorder);
  } catch (error) {
    await close();
    throw new Error(`This browser cannot give the microphone's sound at 16 kHz (${error.message}): try Chromium or Safari.`);
  }
  stream.getTracks()[0].onended = () => ended("The browser has stopped the microphone: it was unplugged or taken away.");
  return { close };
}

/** Number the samples of each block by the clock: what was lost while the page slept is a gap. */
function counted(take) {
  let [next, beganMs] = [0, null];
  return ({ data }) => {
    const nowMs = performance.now();
    beganMs ??= nowMs - (data.length * 1000) / SAMPLE_RATE_HZ;
    const due = Math.round(((nowMs - beganMs) * SAMPLE_RATE_HZ) / 1000) - data.length;
    const start = due - next > LATE_S * SAMPLE_RATE_HZ ? due : next;
    next = start + data.length;
    take({ start, samples: data });
  };
}
