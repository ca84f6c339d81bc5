// Charts of what was used over time. data-history="address" is a route of the API for a window of it, asked again every
// minute; data-history-seconds is how long that is. Within it each data-chart="name" is one of CHARTS, and the details
// behind it have the same figures as a table.
import { request } from "./api.js";
import { timeChart } from "./chart.js";
import { units } from "./units.js";

const AGAIN = 60_000; // milliseconds
const WRITTEN_AFTER = 10; // seconds from the end of a minute until its sample is there, at most

// What a line shows of a sample, which stands for so many seconds.
const plain = (field) => (sample) => sample[field];
const cores = (field) => (sample) => sample[field] / 100;
const rate = (field) => (sample, seconds) => sample[field] / seconds;

const CHARTS = {
  cpu: { unit: "percent", lines: { Average: plain("cpu_average"), Highest: plain("cpu_highest") } },
  cores: { unit: "cores", lines: { Average: cores("cpu_average"), Highest: cores("cpu_highest") } },
  memory: { unit: "bytes", lines: { Used: plain("memory_average") } },
  network: { unit: "bytes/s", lines: { In: rate("network_rx"), Out: rate("network_tx") } },
  blocks: { unit: "bytes/s", lines: { Read: rate("block_read"), Written: rate("block_write") } },
  disk: { unit: "bytes", lines: { Used: plain("disk") } },
};

const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

// One chart and its table; returns what shows columns in both: times, then each line's values.
function draw(place) {
  const { unit, lines } = CHARTS[place.dataset.chart];
  const labels = Object.keys(lines);
  const limit = place.dataset.limit && Number(place.dataset.limit);
  const chart = timeChart(place, { title: place.dataset.title, labels, unit, limit });
  const nothing = place.appendChild(element("p", "chart-nothing", "Nothing was measured in this time"));
  const table = place.nextElementSibling;
  let columns = [];
  const fill = () => table.open && table.querySelector(".chart-rows").replaceChildren(tableOf(labels, units[unit], columns));
  table.addEventListener("toggle", fill);
  return (samples, times, step) => {
    columns = [times, ...labels.map((label) => valuesOf(lines[label], samples, times, step))];
    nothing.hidden = samples.size > 0;
    chart.set(columns);
    fill();
  };
}

function valuesOf(line, samples, times, step) {
  const now = Date.now() / 1000;
  // The last step may be under way.
  return times.map((at) => (samples.has(at) ? line(samples.get(at), Math.min(step, Math.max(now - at, 1))) : null));
}

function tableOf(labels, say, [times, ...values]) {
  const table = element("table", "table table-sm");
  const head = table.createTHead().insertRow();
  for (const label of ["Time", ...labels]) head.append(Object.assign(element("th", "", label), { scope: "col" }));
  const body = table.createTBody();
  times.forEach((at, index) => {
    if (values[0][index] == null) return;
    const row = body.insertRow(0);
    row.insertCell().textContent = exact.format(at * 1000);
    for (const column of values) row.insertCell().textContent = say(column[index]);
  });
  return table;
}

const element = (name, className, text = "") => Object.assign(document.createElement(name), { className, textContent: text });

// Every step of the window, also those without a sample: there the line is interrupted.
function timesOf(samples, step, seconds) {
  const now = Date.now() / 1000;
  const floor = (moment) => Math.floor(moment / step) * step;
  const last = Math.max(floor(now - step - WRITTEN_AFTER), samples.at(-1)?.at ?? 0);
  const times = [];
  for (let at = floor(now - seconds) + step; at <= last; at += step) times.push(at);
  return times;
}

function follow(section) {
  const draws = [...section.querySelectorAll("[data-chart]")].map(draw);
  const problem = section.querySelector(".history-problem");

  async function load() {
    const { samples, step } = await (await request(section.dataset.history)).json();
    const times = timesOf(samples, step, Number(section.dataset.historySeconds));
    const byTime = new Map(samples.map((sample) => [sample.at, sample]));
    for (const show of draws) show(byTime, times, step);
    problem.textContent = "";
  }

  const refresh = () =>
    load().catch(({ message }) => {
      problem.textContent = `The charts are not up to date: ${message}`;
    });
  refresh();
  setInterval(() => document.hidden || refresh(), AGAIN);
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
}

document.querySelectorAll("[data-history]").forEach(follow);
