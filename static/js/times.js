// <time datetime data-relative> says how long ago that was, <time datetime data-since> how long it has lasted; both keep
// saying it right, and the exact time is their title.
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

export function show(time) {
  const moment = new Date(time.dateTime);
  const words = "since" in time.dataset ? duration(moment) : relative(moment);
  if (time.textContent === words) return;
  time.textContent = words;
  time.title = exact.format(moment);
}

const SHOWN = "time[data-relative], time[data-since]";
const showAll = (root) => root.querySelectorAll(SHOWN).forEach(show);

showAll(document);
setInterval(() => showAll(document), 15_000);
document.addEventListener("htmx:load", ({ target }) => (target.matches(SHOWN) ? show(target) : showAll(target)));
