// What the container uses, beside its console: numbers, bars against the limit, and the last five minutes as charts.
import { timeChart } from "../chart.js";
import { risen } from "../counters.js";
import { units } from "../units.js";

const COUNTERS = ["network_rx", "network_tx", "block_read", "block_write"];
const UNKNOWN = "–";
const SECONDS_SHOWN = 300;

const CHARTS = {
  cpu: { title: "CPU", labels: ["CPU"], unit: "percent", max: 100 },
  memory: { title: "Memory", labels: ["Memory"], unit: "bytes" },
  network: { title: "Network", labels: ["In", "Out"], unit: "bytes/s", max: 1024 },
  disk: { title: "Disk", labels: ["Read", "Written"], unit: "bytes/s", max: 1024 },
};

// usageCharts(panel): `take` the socket's `stats`; `stop` when nothing runs, or nothing is known.
export function usageCharts(panel) {
  const charts = Object.entries(CHARTS).map(([name, options]) => emptyChart(panel.querySelector(`[data-chart=${name}]`), options));
  const cpuLimit = Number(panel.dataset.cpuLimit);
  let usage = null;
  let before = null;

  // Figures come when they change, and the time goes on meanwhile.
  setInterval(() => {
    const [rx, tx, read, written] = COUNTERS.map((name) => (usage && before ? risen(before[name], usage[name]) : null));
    before = usage;
    const figures = [[usage?.cpu_usage ?? null], [usage?.memory_usage ?? null], [rx, tx], [read, written]];
    charts.forEach((chart, index) => chart.push(Date.now() / 1000, figures[index]));
  }, 1000);

  function say(name, value, unit) {
    const place = panel.querySelector(`[data-figure=${name}]`);
    const text = value == null ? UNKNOWN : units[unit](value);
    if (place.textContent !== text) place.textContent = text;
  }

  function show() {
    say("cpu_usage", usage?.cpu_usage, "percent");
    say("memory_usage", usage?.memory_usage, "bytes");
    say("disk_usage", usage?.disk_usage, "bytes");
    if (usage) say("memory_limit", usage.memory_limit, "bytes");
    fill("cpu", usage ? (100 * usage.cpu_usage) / cpuLimit : 0);
    fill("memory", usage ? (100 * usage.memory_usage) / usage.memory_limit : 0);
  }

  function fill(name, percent) {
    panel.querySelector(`meter[data-meter=${name}]`).value = percent;
  }

  return {
    take(figures) {
      usage = figures;
      show();
    },
    stop() {
      usage = null;
      show();
    },
  };
}

// All of its time is there from the beginning, so that what comes does not move the scale.
function emptyChart(element, options) {
  const chart = timeChart(element, { ...options, span: SECONDS_SHOWN });
  const now = Math.trunc(Date.now() / 1000);
  const times = Array.from({ length: SECONDS_SHOWN }, (_, second) => now - SECONDS_SHOWN + second);
  chart.set([times, ...options.labels.map(() => times.map(() => null))]);
  return chart;
}
