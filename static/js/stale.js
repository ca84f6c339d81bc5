// What a page shows may be old: data-stale says so on top of every page, while its socket is away (live.js) or what it
// asks for again and again gets no answer (overview.js).
import { closeUnanswered } from "./toasts.js";

const GRACE = 1000; // milliseconds: nobody misses a socket that is back by then
const pill = document.querySelector("[data-stale]");
const reasons = new Set();
let soon = null;

export function stale(reason, isSo) {
  if (isSo) reasons.add(reason);
  else reasons.delete(reason);
  pill.hidden = !reasons.size;
}

// Whether the page's socket is there.
export function isLive(yes) {
  document.documentElement.dataset.live = yes ? "on" : "off";
  if (!yes) {
    soon ??= setTimeout(() => stale("socket", true), GRACE);
    return;
  }
  clearTimeout(soon);
  soon = null;
  stale("socket", false);
  closeUnanswered();
}
