/** The last minutes of sound: level over noise floor, breath, pauses shaded. */

import { axis, Chart, fill, fillRuns, legend, line, timeAxis } from "./chart.js";
import { el, say } from "./element.js";
import { colour } from "./theme.js";
import { exactClock, number } from "./words.js";

const HEIGHT_PX = 190;

export class LiveChart {
  #caption = el("figcaption", {}, "The last 5 minutes");
  #text = el("p.dim.caption");
  #chart = new Chart({
    label: "Sound of the last minutes",
    height: HEIGHT_PX,
    data: [[], [], [], [], [], []],
    options,
  });

  constructor() {
    const signs = legend([
      ["level", "sound level"],
      ["noise", "noise floor"],
      ["breath", "breath"],
      ["pause", "pause"],
      ["unheard", "not heard"],
    ]);
    this.element = el(
      "figure",
      {},
      this.#caption,
      this.#chart.element,
      signs,
      this.#text,
    );
  }

  /** @param {import("./live.js").Live} live */
  paint(live) {
    const sound = live.soundNow;
    const { lastMs } = live.history;
    this.element.classList.toggle("stale", !sound);
    say(this.#caption, sound || !lastMs ? "The last 5 minutes" : `Sound until ${exactClock(lastMs)}`);
    this.#chart.setData(live.history.columns());
    const text = sound
      ? `Level ${number(sound.level_dbfs, 0)} dB, noise floor ${number(sound.noise_dbfs, 0)} dB of full scale.`
      : "No sound is told now.";
    say(this.#text, text);
    this.#chart.describe(`Sound of the last minutes. ${text}`);
  }

  close() {
    this.#chart.close();
  }
}

function options() {
  return {
    cursor: { show: false },
    scales: {
      x: { time: true, range: (_, min, max) => [Math.min(min, max - 300), max] },
      y: { range: (_, min, max) => [Math.min(min ?? -70, -70) - 2, Math.max(max ?? -30, -30) + 2] },
      part: { range: [0, 4] }, // breath takes the lowest quarter
    },
    axes: [timeAxis({ incrs: [60, 120, 300] }), axis({ values: (_, marks) => marks.map((mark) => mark) })],
    series: [
      {},
      line("level"),
      line("noise", { dash: [4, 4] }),
      line("breath", { scale: "part", fill: colour("breath-fill"), width: 1 }),
      line("pause", { scale: "part", width: 0, alpha: 0 }),
      line("pause", { scale: "part", width: 0, alpha: 0 }),
    ],
    hooks: { drawClear: [shade] },
  };
}

/** Pauses, and time in which breathing could not be heard. */
function shade(u) {
  const [times, , , , pause, unheard] = u.data;
  times.forEach((time, i) => {
    if (pause[i] > 0 && !(pause[i + 1] > 0)) fill(u, colour("pause-fill"), time - pause[i], time);
  });
  fillRuns(u, colour("unheard-fill"), times, 1, (i) => unheard[i] === 1 && pause[i] === 0);
}
