// Runs in the browser's audio thread: sends the microphone's sound on, a tenth of a second at once.

const BLOCK_SAMPLES = 1_600;

class Recorder extends AudioWorkletProcessor {
  #block = new Float32Array(BLOCK_SAMPLES);
  #filled = 0;

  process([[channel]]) {
    // no channel: the microphone gives nothing
    for (let k = 0; channel && k < channel.length; k++) {
      this.#block[this.#filled++] = channel[k];
      if (this.#filled === BLOCK_SAMPLES) {
        this.port.postMessage(this.#block);
        this.#filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("recorder", Recorder);
