// Acts on many containers. Boxes with data-select choose rows of [data-live-rows], whose data-can says what each allows;
// #bulk does it: one request for each container, a few at a time, so that nobody else waits for all of them.
import { act, meant } from "./act.js";
import { Refused } from "./api.js";
import { named, showInAll } from "./chosen.js";
import { refresh } from "./refresh.js";
import { failed, toast } from "./toasts.js";

const AT_ONCE = 4;
const DOING = { start: "Starting", stop: "Stopping", restart: "Restarting", kill: "Killing", delete: "Deleting" };
const MOST_NAMED = 3; // containers in a message about many

const bar = document.getElementById("bulk");
const [choice, progress] = [bar.querySelector(".bulk-choice"), bar.querySelector(".bulk-progress")];
const selected = new Set(); // names
let last = null; // box that was used before
let halted = false;
let soon = null; // when sync comes

const boxes = () => [...document.querySelectorAll("[data-live-rows] [data-select]")];
const rowOf = (box) => box.closest("[data-container]");
const nameOf = (box) => rowOf(box).dataset.container;
const many = (count) => (count === 1 ? "1 container" : `${count} containers`);

// Rows come and go: what is no longer on the page is no longer selected.
function sync() {
  soon = null;
  const here = boxes();
  const names = new Set(here.map(nameOf));
  for (const name of selected) if (!names.has(name)) selected.delete(name);
  for (const box of here) box.checked = selected.has(nameOf(box));
  showInAll(document.querySelector("[data-select-all]"), selected.size, here.length);
  show();
}

function show() {
  const busy = !progress.hidden;
  bar.hidden = !selected.size && !busy;
  bar.querySelector(".bulk-count").textContent = selected.size ? `${selected.size} selected` : "";
  for (const button of bar.querySelectorAll("[data-bulk]")) {
    const count = possible(button.dataset.bulk).length;
    button.disabled = !count;
    button.querySelector("span").textContent = count || "";
  }
}

// Those of the selected that allow it now.
function possible(action) {
  const rows = boxes().filter((box) => selected.has(nameOf(box))).map(rowOf);
  return rows.filter((row) => row.dataset.can.split(" ").includes(action)).map((row) => row.dataset.container);
}

function choose(box, isWanted) {
  if (isWanted) selected.add(nameOf(box));
  else selected.delete(nameOf(box));
}

async function actOnAll(action) {
  const names = possible(action);
  if (!(await meant(action, names))) return;
  const refused = new Map(); // sentence → names
  const waiting = [...names];
  let done = 0;
  halted = false;
  choice.hidden = true;
  progress.hidden = false;
  report(action, done, names.length);

  async function work() {
    for (let name = waiting.shift(); name && !halted; name = waiting.shift()) {
      try {
        await act(action, name);
        refresh([name]);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        refused.set(error.message, [...(refused.get(error.message) ?? []), name]);
      }
      report(action, ++done, names.length);
    }
  }

  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    choice.hidden = false;
    progress.hidden = true;
  }
  conclude(action, names.length, done, refused);
  show();
}

function report(action, done, total) {
  progress.querySelector("[role=status]").textContent = `${DOING[action]}: ${done} of ${total}`;
  Object.assign(progress.querySelector("progress"), { value: done, max: total });
}

function conclude(action, total, done, refused) {
  for (const [sentence, names] of refused) failed(`${named(names, MOST_NAMED)}: ${sentence}`);
  const accepted = done - [...refused.values()].flat().length;
  const word = action === "delete" ? "Deleted" : DOING[action];
  if (accepted === total) toast(`${word} ${many(total)}`);
  else toast(`${word} ${accepted} of ${many(total)}`, "warning");
}

document.addEventListener("click", (event) => {
  const { target } = event;
  if (target.matches("[data-select]")) {
    const all = boxes();
    const [from, to] = [all.indexOf(last), all.indexOf(target)].sort((one, other) => one - other);
    const range = event.shiftKey && from >= 0 ? all.slice(from, to + 1) : [target];
    range.forEach((box) => choose(box, target.checked));
    last = target;
    sync();
  } else if (target.matches("[data-select-all]")) {
    boxes().forEach((box) => choose(box, target.checked));
    sync();
  } else if (target.closest("[data-bulk-clear]")) {
    selected.clear();
    sync();
    document.querySelector("[data-select-all]").focus();
  } else if (target.closest("[data-bulk-halt]")) halted = true;
  else if (target.closest("[data-bulk]")) actOnAll(target.closest("[data-bulk]").dataset.bulk);
});

addEventListener("beforeunload", (event) => progress.hidden || event.preventDefault());
document.addEventListener("htmx:load", () => (soon ??= requestAnimationFrame(sync))); // once for many rows
sync();
