// Figures of now that live.js does not fill in by itself. Inside a data-container:
//   data-rate="network_rx"                    bytes a second, from two readings of a counter
//   <meter data-share="cpu_usage" data-of>    how much of data-of is used, in percent
import { risen } from "./counters.js";
import { units } from "./units.js";

// Readings come every second, and none at all while nothing changes.
const SILENT = 2500; // milliseconds

const readings = new Map(); // container → { at, usage }

const placesIn = (container, what) => document.querySelectorAll(`[data-container="${CSS.escape(container)}"] [data-${what}]`);

function take(container, usage) {
  const before = readings.get(container);
  const at = performance.now();
  readings.set(container, { at, usage });
  for (const meter of placesIn(container, "share")) meter.value = (usage[meter.dataset.share] / meter.dataset.of) * 100;
  if (!before) return;
  const seconds = (at - before.at) / 1000;
  show(container, (counter) => risen(before.usage[counter], usage[counter]) / seconds);
}

function show(container, rateOf) {
  for (const place of placesIn(container, "rate")) {
    const text = units["bytes/s"](rateOf(place.dataset.rate));
    if (place.textContent !== text) place.textContent = text;
  }
}

document.addEventListener("lightd:stats", ({ detail }) => Object.entries(detail).forEach(([name, usage]) => take(name, usage)));

document.addEventListener("lightd:engine", () => readings.clear());

setInterval(() => {
  for (const [container, { at }] of readings) {
    if (performance.now() - at > SILENT) show(container, () => 0);
  }
}, 1000);
