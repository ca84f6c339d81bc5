// Keeps what a page shows of containers true. Attached by
//   data-container="id"             anything that shows a container: it is watched
//   data-live-rows="address"        a list whose rows are asked for again, together, when their containers change
//   data-live-part="address"        a part that is asked for again when the container of its data-container changes
//   data-usage="cpu_usage"          inside a data-container: filled with the figure, in its data-unit (units.js)
// Others hear of it too: `lightd:changed` and `lightd:stats` are dispatched on the document.
import { engineIs, engineIsAway } from "./engine.js";
import { refresh } from "./refresh.js";
import { isLive } from "./stale.js";
import { units } from "./units.js";

const RETRY = [500, 1000, 2000, 5000]; // milliseconds
const CROWDED = 4429;
const STAYS = 5000; // milliseconds; the server accepts a connection before it says that there are too many
let socket = null;
let failures = 0;
let settling = null;
let watched = "";
let soon = null;

function names() {
  return [...new Set([...document.querySelectorAll("[data-container]")].map((each) => each.dataset.container))];
}

// Every page has a socket: how the engine is concerns all of them.
function watch() {
  const wanted = names();
  if (!socket) connect();
  else if (socket.readyState === WebSocket.OPEN && wanted.join() !== watched) {
    watched = wanted.join();
    // The page is as old as its request: what has happened since then is told.
    socket.send(JSON.stringify({ event: "watch", containers: wanted, age: performance.now() / 1000 }));
  }
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/live`);
  socket.addEventListener("open", () => {
    settling = setTimeout(settle, STAYS);
    watched = "";
    isLive(true);
    watch();
  });
  socket.addEventListener("message", (message) => {
    settle();
    const { event, containers, away_since: awaySince } = JSON.parse(message.data);
    if (event === "engine" && engineIs(awaySince)) changed(names());
    if (event === "changed") changed(containers);
    if (event === "stats" && !engineIsAway()) used(containers);
  });
  socket.addEventListener("close", (end) => {
    clearTimeout(settling);
    isLive(false);
    if (end.code === 4401) return location.reload(); // signed out: to the sign-in page
    const wait = end.code === CROWDED ? RETRY.at(-1) : RETRY[Math.min(failures, RETRY.length - 1)];
    failures += 1;
    setTimeout(() => {
      socket = null;
      watch();
    }, wait);
  });
}

// We are let in: the first message has come, or we were not sent away.
function settle() {
  clearTimeout(settling);
  if (failures) changed(names()); // anything may have happened meanwhile
  failures = 0;
}

function changed(containers) {
  document.dispatchEvent(new CustomEvent("lightd:changed", { detail: containers }));
  refresh(containers);
}

function used(figures) {
  document.dispatchEvent(new CustomEvent("lightd:stats", { detail: figures }));
  for (const shown of document.querySelectorAll("[data-container]")) {
    const usage = figures[shown.dataset.container];
    if (!usage) continue;
    for (const place of shown.querySelectorAll("[data-usage]")) {
      const text = units[place.dataset.unit](usage[place.dataset.usage]);
      // The text within is changed: another one in its place would have every :has() of the style sheets looked at.
      if (place.firstChild.data !== text) place.firstChild.data = text;
    }
  }
}

// Rows come one by one, and are watched together.
function watchSoon() {
  soon ??= requestAnimationFrame(() => {
    soon = null;
    watch();
  });
}

document.addEventListener("htmx:afterSettle", watchSoon);
document.addEventListener("htmx:load", watchSoon);
// From the back button's memory a page comes as it was.
addEventListener("pageshow", (event) => event.persisted && location.reload());
watch();
