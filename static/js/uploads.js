// Uploads, AT_ONCE at a time. They go on while one goes from folder to folder.
import { Refused } from "./api.js";
import { choose } from "./ask.js";
import { CANCELLED, send } from "./sending.js";
import * as panel from "./upload-panel.js";
import { change } from "./volume.js";

const AT_ONCE = 3;

// Milliseconds until the server has removed what had come of a cancelled one.
const REMOVED = 1000;

const SKIPPED = new Error("skipped");

let all = []; // since nothing was running
let waiting = [];
const sending = new Set();
let finished = () => {};

export const whenFinished = (what) => (finished = what);
const areRunning = () => all.some(panel.isRunning);

// Files with the paths that they are to have, and empty folders. Those of one call are asked about together.
export async function upload(files, folders) {
  for (const path of folders) await change("folders", { path }).catch(unlessThere);
  const batch = {};
  const added = files.map(({ path, file }) => ({ path, file, batch, sent: 0, state: "waiting", end: new AbortController() }));
  if (!added.length) return finished();
  if (!areRunning()) {
    all = [];
    panel.empty();
  }
  all.push(...added);
  waiting.push(...added);
  panel.open(all);
  for (let lane = sending.size; lane < AT_ONCE; lane += 1) work();
}

function unlessThere(error) {
  if (error.status !== 409) throw error;
}

const told = {
  broken: panel.wait,
  back: panel.goOn,
  advanced(one) {
    panel.advance(one);
    panel.total(all);
  },
};

async function work() {
  const one = waiting.shift();
  if (!one) return;
  one.state = "sent";
  sending.add(one);
  panel.begin(one);
  one.state = await result(one);
  sending.delete(one);
  panel.over(one);
  panel.total(all);
  if (areRunning()) return work();
  panel.finish(all);
  setTimeout(finished, all.some(({ state }) => state === "cancelled") ? REMOVED : 0);
}

async function result(one) {
  try {
    await deliver(one);
    return "done";
  } catch (error) {
    if (error === SKIPPED || error === CANCELLED) return error.message;
    if (!(error instanceof Refused)) throw error;
    one.sentence = error.message;
    return "failed";
  }
}

async function deliver(one) {
  const replace = (await one.batch.answer) === "replace";
  try {
    await send(one, replace, told);
  } catch (error) {
    if (error.status !== 409 || replace) throw error;
    await agree(one);
    await deliver(one);
  }
}

// Asked once for all that came together.
async function agree({ batch, path }) {
  batch.answer ??= choose(`${path} is there already. What about files that are there?`, {
    "": "Skip them",
    replace: "Replace them",
  });
  if ((await batch.answer) !== "replace") throw SKIPPED;
}

panel.whenEnded(() => {
  const were = areRunning();
  for (const one of waiting) one.state = "cancelled";
  waiting = [];
  for (const one of sending) one.end.abort();
  return were;
});

addEventListener("beforeunload", (event) => areRunning() && event.preventDefault());
