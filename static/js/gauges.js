// What containers use, drawn: <div data-gauge="cpu_usage"> within a data-container has an <svg> for the last minute, and
// with data-limit a <meter> for the share of it. data-now is the last figure as the page was made; without one it does
// not run, and its last minute is forgotten.
import { engineIsAway } from "./engine.js";
import { units } from "./units.js";

const SPAN = 60; // seconds, and as many units of the graph's width
const HEIGHT = 20;
const GAP = 1.5; // seconds without a new figure: it stayed as it was
// Where the scale of an unlimited one ends at least: of a core, in percent, and bytes. What idles is no mountain range.
const LEAST = { cpu_usage: 25, memory_usage: 64 * 2 ** 20 };

const minutes = new Map(); // container → figure → [[second, value], …]
const visible = new Set();
const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) {
      visible.add(target);
      draw(target);
    } else visible.delete(target);
  }
});

const seconds = () => performance.now() / 1000;
const nameOf = (gauge) => gauge.closest("[data-container]")?.dataset.container;

function lastMinute(name, figure) {
  if (!minutes.has(name)) minutes.set(name, {});
  return (minutes.get(name)[figure] ??= []);
}

function note(name, figure, value) {
  const samples = lastMinute(name, figure);
  const now = seconds();
  if (samples.length && now - samples.at(-1)[0] > GAP) samples.push([now - 1, samples.at(-1)[1]]);
  samples.push([now, value]);
  // One from before the minute is where its line begins.
  while (samples.length > 1 && samples[1][0] < now - SPAN) samples.shift();
}

function draw(gauge) {
  const samples = lastMinute(nameOf(gauge), gauge.dataset.gauge);
  const now = seconds();
  const highest = Math.max(...samples.map(([, value]) => value));
  const scale = Number(gauge.dataset.limit) || Math.max(LEAST[gauge.dataset.gauge], highest * 1.2);
  const place = ([at, value]) =>
    `${Math.max(SPAN - now + at, 0).toFixed(1)},${(HEIGHT - 1 - Math.min(value / scale, 1) * (HEIGHT - 2)).toFixed(1)}`;
  const ends = samples.length ? [...samples, [now, samples.at(-1)[1]]] : [];
  set(gauge.querySelector("polyline"), "points", ends.map(place).join(" "));
}

function measure(gauge) {
  const limit = Number(gauge.dataset.limit);
  const samples = lastMinute(nameOf(gauge), gauge.dataset.gauge);
  if (!limit || !samples.length) return;
  const [, value] = samples.at(-1);
  gauge.querySelector("meter").value = (value / limit) * 100;
}

function set(element, attribute, value) {
  if (element.getAttribute(attribute) !== value) element.setAttribute(attribute, value);
}

// A gauge that is new on the page.
function begin(gauge) {
  const { gauge: figure, now, limit } = gauge.dataset;
  const place = gauge.querySelector("[data-usage]");
  const say = units[place.dataset.unit];
  if (limit) gauge.title = `Limit: ${say(Number(limit))}`;
  if (now === undefined || engineIsAway()) minutes.delete(nameOf(gauge));
  else if (!lastMinute(nameOf(gauge), figure).length) note(nameOf(gauge), figure, Number(now));
  const samples = lastMinute(nameOf(gauge), figure);
  if (samples.length) place.textContent = say(samples.at(-1)[1]);
  measure(gauge);
  watcher.observe(gauge);
}

function beginAll(root) {
  root.querySelectorAll("[data-gauge]").forEach(begin);
}

document.addEventListener("lightd:stats", ({ detail: figures }) => {
  for (const gauge of document.querySelectorAll("[data-gauge]")) {
    const usage = figures[nameOf(gauge)];
    if (!usage) continue;
    note(nameOf(gauge), gauge.dataset.gauge, usage[gauge.dataset.gauge]);
    measure(gauge);
  }
});
document.addEventListener("htmx:load", ({ target }) => beginAll(target));
setInterval(() => visible.forEach(draw), 1000);
beginAll(document);
