// The browser's own decoder and resampler: encoded sound in, 16 kHz mono out.

import { SAMPLE_RATE_HZ } from "../features/features.js";

/** Return the samples of an encoded file (an ArrayBuffer, which is used up), mono, at `rateHz`. */
export async function decode(bytes, rateHz = SAMPLE_RATE_HZ) {
  const context = new OfflineAudioContext(1, 1, rateHz);
  return mono(await context.decodeAudioData(bytes));
}

/** Return the mean of all channels, as the bedside mixes them. */
function mono(buffer) {
  const samples = buffer.getChannelData(0);
  for (let channel = 1; channel < buffer.numberOfChannels; channel++) {
    const other = buffer.getChannelData(channel);
    for (let k = 0; k < samples.length; k++) {
      samples[k] += other[k];
    }
  }
  return buffer.numberOfChannels === 1 ? samples : samples.map((sum) => sum / buffer.numberOfChannels);
}
