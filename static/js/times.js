// <time datetime data-relative> says how long ago that was, <time datetime data-since> how long it has lasted, and
// <time datetime data-until> counts the seconds to it; all keep saying it right, and the exact time is their title.
const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];
const SHORT = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
];
const format = new Intl.RelativeTimeFormat("en", { numeric: "always" });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "long" });

function relative(moment) {
  const seconds = (moment - Date.now()) / 1000;
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) < length) continue;
    // Of what is to come not the whole ones alone count: thirty days, just given, are not 29.
    return format.format(seconds > 0 ? Math.round(seconds / length) : Math.trunc(seconds / length), unit);
  }
  return seconds > 0 ? "in a moment" : "just now";
}

function duration(moment) {
  const seconds = (Date.now() - moment) / 1000;
  const at = SHORT.findIndex(([, length]) => seconds >= length);
  if (at < 0) return "under 1 min";
  const [[unit, length], [smaller, part] = []] = SHORT.slice(at);
  const rest = part ? Math.trunc((seconds % length) / part) : 0;
  return `${Math.trunc(seconds / length)} ${unit}${rest ? ` ${rest} ${smaller}` : ""}`;
}

function countdown(moment) {
  const seconds = Math.ceil((moment - Date.now()) / 1000);
  return seconds > 0 ? `in ${seconds} s` : "now";
}

function words(moment, { since, until }) {
  if (until !== undefined) return countdown(moment);
  return since === undefined ? relative(moment) : duration(moment);
}

export function show(time) {
  const moment = new Date(time.dateTime);
  const said = words(moment, time.dataset);
  if (time.textContent === said) return;
  time.textContent = said;
  time.title = exact.format(moment);
}

const UNTIL = "time[data-until]";
const SHOWN = `time[data-relative], time[data-since], ${UNTIL}`;
const showAll = (root) => root.querySelectorAll(SHOWN).forEach(show);

showAll(document);
setInterval(() => showAll(document), 15_000);
setInterval(() => document.querySelectorAll(UNTIL).forEach(show), 1000);
document.addEventListener("htmx:load", ({ target }) => (target.matches(SHOWN) ? show(target) : showAll(target)));
