// A line chart over time by uPlot, in an element of the class `chart`, whose height the style sheet keeps. The page has
// static/vendor/uplot/uPlot.min.css in its head.
import uPlot from "../vendor/uplot/uPlot.js";
import { units } from "./units.js";

const MINUTE = 60;
const DAY = 86_400;
const PIXELS_ABOVE = 8; // of the plot: half a line of the axis

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const second = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const calendar = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const moment = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

function timesOf(plot, splits) {
  const span = spanOf(plot);
  const words = span > 2 * DAY ? calendar : span > 10 * MINUTE ? clock : second;
  return splits.map((seconds) => words.format(seconds * 1000));
}

const spanOf = (plot) => plot.scales.x.max - plot.scales.x.min;

const momentOf = (plot, seconds) => (spanOf(plot) > 10 * MINUTE ? moment : second).format(seconds * 1000);

// timeChart(element, { title, labels, unit, max, span, limit })
// labels: one for each line. unit: a name in units.js. max: where the scale ends at least. span: seconds that are kept
// of what is pushed. limit: how much there is, a dashed line.
export function timeChart(element, { title, labels, unit, max = 0, span = 300, limit = null }) {
  const say = units[unit];
  let data = [[], ...labels.map(() => [])];
  element.setAttribute("role", "img");
  const values = addPart(element, "chart-values");
  const place = addPart(element, "chart-plot");

  const axis = {
    stroke: () => colour("--chart-text"),
    grid: { stroke: () => colour("--chart-line"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui, sans-serif",
  };
  const plot = new uPlot(
    {
      ...sizeOf(place),
      padding: [PIXELS_ABOVE, null, null, null],
      legend: { show: false },
      cursor: { y: false },
      scales: { y: { range: (_, __, highest) => [0, Math.max(max, (highest ?? 0) * 1.1, 1)] } },
      axes: [
        { ...axis, size: 26, space: 80, values: timesOf },
        { ...axis, size: 76, space: 28, incrs: stepsOf(unit), values: (_, splits) => splits.map((split) => (isKnown() ? say(split) : "")) },
      ],
      series: [{}, ...labels.map((label, line) => seriesOf(label, line + 1, labels.length === 1)), ...(limit ? [LIMIT] : [])],
      hooks: { setCursor: [showValues] },
    },
    withLimit(),
    place,
  );

  // Where nothing is known, the axis would be of a scale that nobody chose.
  function isKnown() {
    return Boolean(limit) || data.slice(1).some((line) => line.some((value) => value != null));
  }

  function withLimit() {
    return limit ? [...data, data[0].map(() => limit)] : data;
  }

  function showValues() {
    const index = plot.cursor.idx ?? data[0].length - 1;
    if (index < 0) return;
    const figures = labels.map((label, line) => {
      const value = data[line + 1][index];
      const text = `${label} ${value == null ? "–" : say(value)}`;
      return Object.assign(document.createElement("span"), { className: `chart-value-${line + 1}`, textContent: text });
    });
    values.replaceChildren(...figures);
    if (plot.cursor.idx != null) values.append(momentOf(plot, data[0][index]));
  }

  function describe() {
    const figures = labels.map((label, line) => {
      const known = data[line + 1].filter((value) => value != null);
      return known.length ? `${label} ${say(known.at(-1))} now, at most ${say(Math.max(...known))}` : `${label} not known`;
    });
    if (limit) figures.push(`limit ${say(limit)}`);
    element.setAttribute("aria-label", `${title}: ${figures.join("; ")}`);
  }

  function set(columns) {
    data = columns;
    plot.setData(withLimit());
    showValues();
    describe();
  }

  new ResizeObserver(() => plot.setSize(sizeOf(place))).observe(place);
  document.addEventListener("themechange", () => plot.redraw());
  describe();

  return {
    // [times in seconds, values of the first line, …]; null where nothing is known.
    set,
    // One moment more.
    push(seconds, figures) {
      const from = data[0].findIndex((time) => time >= seconds - span);
      const kept = from < 0 ? data.map(() => []) : data.map((column) => column.slice(from));
      set(kept.map((column, line) => [...column, line ? figures[line - 1] : seconds]));
    },
  };
}

const addPart = (element, className) => element.appendChild(Object.assign(document.createElement("div"), { className }));

const sizeOf = (element) => ({ width: element.clientWidth, height: element.clientHeight });

// Sizes are round in powers of two; for others uPlot's own steps are.
const stepsOf = (unit) => (unit.startsWith("bytes") ? [...Array(44).keys()].map((power) => 2 ** power) : undefined);

const LIMIT = { width: 1, dash: [6, 4], points: { show: false }, stroke: () => colour("--chart-text") };

// A moment between two that nothing is known of makes no line: it is shown as a point.
function lonely(plot, line) {
  const values = plot.data[line];
  return [...values.keys()].filter((at) => values[at] != null && values[at - 1] == null && values[at + 1] == null);
}

const seriesOf = (label, line, filled) => ({
  label,
  width: 1.5,
  points: { show: false, size: 4, filter: lonely },
  stroke: () => colour(`--chart-${line}`),
  fill: filled ? () => colour("--chart-fill") : undefined,
});
