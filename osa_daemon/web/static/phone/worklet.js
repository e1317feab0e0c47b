// Cuts what the microphone gives into pieces, and counts its samples.

class Cutter extends AudioWorkletProcessor {
  constructor(options) {
    super();
    this.size = options.processorOptions.size;
    this.piece = new Float32Array(this.size);
    this.filled = 0;
    this.start = 0;
  }

  process(inputs) {
    // the first channel: a mean can cancel sound. Where there is none, no sound is counted
    const samples = inputs[0][0];
    for (let taken = 0; samples && taken < samples.length; ) {
      const count = Math.min(this.size - this.filled, samples.length - taken);
      this.piece.set(samples.subarray(taken, taken + count), this.filled);
      this.filled += count;
      taken += count;
      if (this.filled === this.size) this.give();
    }
    return true;
  }

  give() {
    const samples = this.piece;
    this.port.postMessage({ start: this.start, samples }, [samples.buffer]);
    this.start += this.size;
    this.piece = new Float32Array(this.size);
    this.filled = 0;
  }
}

registerProcessor("cutter", Cutter);
