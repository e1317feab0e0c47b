// "Try it here": the bundled night, a recording, or the microphone, heard in this browser alone.

import { Hearing } from "./hearing.js";
import { openMicrophone } from "./sound/microphone.js";
import { blocksOf } from "./sound/recording.js";
import { View } from "./view.js";

const AHEAD = 2; // blocks that wait for the worker; more would only fill memory
const MOST_LATE = 100; // blocks of a microphone (10 s): a browser that is slower loses sound

const part = (name) => document.getElementById(name);
const view = new View();
let hearing = null; // while something is heard
let abandon = () => {}; // ends it at once
let stop = abandon; // what the button does

/** Hear what `feed(hearing)` pushes, until it ends or is stopped. */
async function hear(name, feed) {
  abandon();
  view.complain("");
  view.say("Loading the models …");
  const mine = new Hearing((told) => view.take(told));
  hearing = mine;
  let isStopped = false;
  stop = abandon = () => {
    isStopped = true;
    mine.close();
  };
  part("stop").disabled = false;
  try {
    await mine.begin();
    view.clear();
    view.say(`Hearing ${name} …`);
    await feed(mine);
    await mine.finish();
    view.say(`Heard to its end: ${name}.`);
  } catch (error) {
    if (!isStopped) {
      view.complain(error.message);
    }
    view.say(isStopped ? "Stopped." : "It ended early.");
  } finally {
    mine.close();
    if (hearing === mine) {
      part("stop").disabled = true;
    }
  }
}

/** Push a recording, a few blocks ahead of the worker. */
async function feedFile(file, hearing) {
  const pushed = [];
  for await (const { start, samples, totalS } of blocksOf(file)) {
    view.totalS = totalS;
    const push = hearing.push({ start, samples });
    push.catch(() => {}); // of several that fail at once the first one is told
    pushed.push(push);
    if (pushed.length >= AHEAD) {
      await pushed.shift();
    }
  }
  await Promise.all(pushed);
}

/** Push the microphone's sound until somebody ends it. */
async function feedMicrophone(hearing) {
  let late = 0;
  let end;
  const ended = new Promise((resolve) => (end = resolve));
  const take = (block) => {
    if (late >= MOST_LATE) {
      return; // a gap: the next block's start tells of it
    }
    late += 1;
    hearing.push(block).then(() => (late -= 1), end);
  };
  const mine = abandon;
  const microphone = await openMicrophone(take, (sentence) => {
    view.complain(sentence);
    end();
  });
  if (abandon !== mine) {
    await microphone.close(); // another hearing began while the browser asked for permission
    return;
  }
  stop = () => {
    stop = abandon; // pressed again, it does not wait for what is still to be decided
    end();
  };
  const screen = await navigator.wakeLock?.request("screen").catch(() => null);
  try {
    const error = await ended;
    if (error) {
      throw error;
    }
  } finally {
    await screen?.release();
    await microphone.close();
  }
}

async function bundledNight() {
  const response = await fetch("runtime/night.ogg");
  return new File([await response.blob()], "the bundled night");
}

/** Offer what is there; the runtime is installed apart. */
async function begin() {
  const parts = await (await fetch("parts")).json();
  if (!parts.runtime) {
    view.say(
      "What runs the models in a browser is not installed: in the clone of the program, run scripts/install_try " +
        "--installed for the service beside the bed, or scripts/install_try for a daemon that runs from the clone; " +
        "then load this page again.",
    );
    return;
  }
  part("choice").disabled = false;
  part("night").onclick = async () => hear("the bundled night", async (mine) => feedFile(await bundledNight(), mine));
  part("microphone").onclick = () => hear("the microphone", feedMicrophone);
  part("stop").onclick = () => stop();
  part("file").onchange = ({ target }) => {
    const [file] = target.files;
    target.value = ""; // the same one may be chosen again
    if (file) {
      hear(file.name, (mine) => feedFile(file, mine));
    }
  };
  view.say("Ready.");
}

begin().catch((error) => view.complain(`The page could not begin (${error.message}): load it again.`));
