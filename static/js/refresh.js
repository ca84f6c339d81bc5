// Asks anew for what shows a container, when it changed (live.js) or somebody did something to it (act.js).
import { request } from "./api.js";
import { isPressedWithin, released } from "./pressed.js";
import { failed } from "./toasts.js";

const ROWS_AT_ONCE = 50; // in one answer, so that putting them in place is no pause
const waiting = new Map(); // list → names whose rows it has to ask for
const stale = new Map(); // id of a part that is being asked for → whether it has changed again

// Asks anew for whatever shows these containers.
export function refresh(containers) {
  const names = new Set(containers);
  for (const list of document.querySelectorAll("[data-live-rows]")) {
    const rows = [...list.querySelectorAll("[data-container]")].map((row) => row.dataset.container);
    refreshRows(list, rows.filter((name) => names.has(name)));
  }
  for (const part of document.querySelectorAll("[data-live-part]")) {
    if (names.has(part.dataset.container)) refreshPart(part.id);
  }
}

// One request of a part at a time; what changes meanwhile is asked for after it, by the part that is there then.
async function refreshPart(id) {
  const isBusy = stale.has(id);
  stale.set(id, true);
  if (isBusy) return;
  const present = () => document.querySelector(`#${CSS.escape(id)}[data-live-part]`);
  for (let part = present(); part && stale.get(id); part = present()) {
    stale.set(id, false);
    await askForPart(part);
    await released();
  }
  stale.delete(id);
}

// What comes by itself, here or on a clock, does not take away what is being pressed: it is asked for again after that.
document.addEventListener("htmx:beforeSwap", ({ target, detail }) => {
  if (detail.requestConfig.triggeringEvent?.isTrusted || !isPressedWithin(target)) return;
  detail.shouldSwap = false;
  if (stale.has(target.id)) stale.set(target.id, true);
});

// That there was no answer, toasts.js says.
const askForPart = (part) =>
  htmx.ajax("GET", part.dataset.livePart, { source: part, target: part, swap: "outerHTML" }).catch(() => null);

// One request of a list at a time; what changes meanwhile is asked for by the next.
async function refreshRows(list, names) {
  const isBusy = waiting.has(list);
  const left = waiting.get(list) ?? new Set();
  names.forEach((name) => left.add(name));
  if (isBusy) return;
  waiting.set(list, left);
  while (left.size) {
    const next = [...left].slice(0, ROWS_AT_ONCE);
    next.forEach((name) => left.delete(name));
    await askForRows(list, next);
  }
  waiting.delete(list);
}

async function askForRows(list, names) {
  const query = new URLSearchParams(names.map((name) => ["container", name]));
  const answer = await request(`${list.dataset.liveRows}?${query}`).catch(
    ({ status, message }) => status && failed(message), // without an answer the socket breaks too: back, it asks again
  );
  if (!answer) return;
  const html = await answer.text();
  await released();
  putRows(list, names, html);
}

// What is within a row is replaced, all rows at once: a new row, or one by one as htmx does it, would have the style and
// place of every other row worked out anew.
function putRows(list, names, html) {
  const answer = document.createElement("template");
  answer.innerHTML = html;
  const focused = document.activeElement;
  for (const name of names) {
    const row = list.querySelector(byName(name));
    const fresh = answer.content.querySelector(byName(name));
    if (!row) continue;
    if (!fresh) {
      row.remove();
      continue;
    }
    const hadFocus = row.contains(focused);
    for (const { name: attribute, value } of fresh.attributes) row.setAttribute(attribute, value);
    row.replaceChildren(...fresh.children);
    htmx.process(row);
    htmx.trigger(row, "htmx:load");
    if (hadFocus) (row.querySelector(`#${CSS.escape(focused.id)}:enabled`) ?? row.querySelector("a")).focus();
  }
}

const byName = (name) => `[data-container="${CSS.escape(name)}"]`;
