// What #uploads shows of the uploads: {path, file, sent, state, sentence}.
import { units } from "./units.js";

const panel = document.getElementById("uploads");
const bar = panel.querySelector("progress");
const list = panel.querySelector("ul");
const end = panel.querySelector("[data-uploads-end]");
const template = panel.querySelector("template");
const rows = new Map();

export const isRunning = ({ state }) => state === "waiting" || state === "sent";

const counted = (number) => (number === 1 ? "1 file" : `${number} files`);
const sum = (uploads, what) => uploads.reduce((total, one) => total + what(one), 0);

// Also to those who do not see it, which the figures of each moment are not.
function say(sentence) {
  panel.querySelector("[data-uploads-said]").textContent = sentence;
}

export function open(uploads) {
  panel.hidden = bar.hidden = false;
  end.textContent = "Cancel";
  say(`Uploading ${counted(uploads.length)}`);
}

export function empty() {
  rows.clear();
  list.replaceChildren();
}

export function begin(one) {
  const row = template.content.cloneNode(true).firstElementChild;
  row.querySelector("bdi").textContent = one.path;
  row.querySelector("progress").ariaLabel = one.path;
  rows.set(one, row);
  list.append(row);
}

// What failed stays, with the reason.
export function over(one) {
  if (one.state === "failed") note(one, "failed", one.sentence);
  else rows.get(one).remove();
}

export function wait(one) {
  if (rows.get(one).dataset.state !== "broken") say("The connection is lost. Uploads wait for it.");
  note(one, "broken", "Waits for the connection");
}

export function goOn(one, offset) {
  if (rows.get(one).dataset.state === "broken") say("The connection is back. Uploads go on.");
  note(one, "sent", offset ? `Goes on from ${units.percent((offset / one.file.size) * 100)}` : "");
}

function note(one, state, sentence) {
  const row = rows.get(one);
  row.dataset.state = state;
  row.querySelector(".upload-state").textContent = sentence;
}

export function advance(one) {
  rows.get(one).querySelector("progress").value = one.sent / (one.file.size || 1);
}

export function total(uploads) {
  const bytes = sum(uploads, ({ file }) => file.size);
  const sent = sum(uploads, (one) => (isRunning(one) ? one.sent : one.file.size));
  const ended = uploads.filter((one) => !isRunning(one)).length;
  bar.value = bytes ? sent / bytes : ended / uploads.length;
  panel.querySelector(".uploads-figures").textContent =
    `${ended} of ${counted(uploads.length)}, ${units.bytes(sent)} of ${units.bytes(bytes)}`;
}

export function finish(uploads) {
  const number = (wanted) => uploads.filter(({ state }) => state === wanted).length;
  const words = [`${counted(number("done"))} uploaded`];
  for (const state of ["skipped", "cancelled", "failed"]) if (number(state)) words.push(`${number(state)} ${state}`);
  say(words.join(", "));
  panel.querySelector(".uploads-figures").textContent = words.join(", ");
  bar.hidden = true;
  end.textContent = "Close";
}

// The button that cancels while anything runs, and closes afterwards.
export function whenEnded(cancel) {
  end.addEventListener("click", () => (panel.hidden = !cancel()));
}
