// The phone's microphone as it is, and why it stopped where it does.

import { newStream } from "./wire.js";

const PIECE_S = 0.1;
const SILENT_MS = 2000; // twenty pieces were due
const WISHES = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const WHY = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotReadableError: "muted",
  AbortError: "muted",
};

/** One run of the microphone: `onPiece(start, samples)` gets its sound. */
export class Microphone {
  static isPossible() {
    return Boolean(navigator.mediaDevices?.getUserMedia && window.AudioWorkletNode);
  }

  /** Open it; throws what getUserMedia throws. Call it first from a touch of the user's. */
  static async open(onPiece) {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { ...WISHES, channelCount: 1 },
    });
    const context = new AudioContext({ latencyHint: "playback" });
    try {
      await context.audioWorklet.addModule(new URL("worklet.js", import.meta.url));
      context.resume().catch(() => {}); // may wait for a touch: `stopped` says so meanwhile
    } catch (error) {
      stream.getTracks().forEach((track) => track.stop());
      context.close();
      throw error;
    }
    return new Microphone(stream, context, onPiece);
  }

  /** The word for an error of `open`, as the daemon knows it. */
  static why(error) {
    return WHY[error.name] ?? "ended";
  }

  constructor(stream, context, onPiece) {
    this.name = newStream();
    this.rateHz = context.sampleRate;
    this.context = context;
    this.stream = stream;
    this.track = stream.getAudioTracks()[0];
    this.lastPieceMs = performance.now();
    const settings = this.track.getSettings();
    this.ignored = Object.keys(WISHES).filter((wish) => settings[wish] === true);
    this.node = new AudioWorkletNode(context, "cutter", {
      numberOfInputs: 1,
      numberOfOutputs: 1,
      processorOptions: { size: Math.round(PIECE_S * this.rateHz) },
    });
    this.node.port.onmessage = ({ data }) => {
      this.lastPieceMs = performance.now();
      onPiece(data.start, data.samples);
    };
    this.source = context.createMediaStreamSource(stream);
    // without a way to the loudspeaker some browsers do not run it; what goes there is silence
    this.source.connect(this.node).connect(context.destination);
  }

  get hasEnded() {
    return this.track.readyState === "ended" || this.context.state === "closed";
  }

  /** Why it gives no sound now, in the daemon's word; null where it does. */
  get stopped() {
    const isSilent = performance.now() - this.lastPieceMs > SILENT_MS;
    if (!isSilent && !this.track.muted && !this.hasEnded) return null;
    if (document.hidden) return "hidden";
    if (this.hasEnded) return "ended";
    if (this.track.muted) return "muted";
    return this.context.state === "running" ? "silent" : "interrupted";
  }

  /** Let it go on where the system interrupted it. */
  resume() {
    if (this.context.state !== "running" && this.context.state !== "closed") {
      this.context.resume().catch(() => {});
    }
  }

  close() {
    this.node.port.onmessage = null;
    this.track.stop();
    if (this.context.state !== "closed") this.context.close().catch(() => {});
  }
}
