// The console of a container: <section data-console="its id" data-since="cursor">, and the parts in it by their data-…
import { engineIsAway } from "../engine.js";
import { openTerminal } from "../terminal.js";
import { usageCharts } from "./charts.js";
import { commandBox } from "./commands.js";
import { searchBox } from "./search.js";
import { openSocket } from "./socket.js";

const MILLISECONDS_BACK_SAID = 5000;
const CYAN = 36;
const RED = 31;
// Events that come without a sentence of the server's.
const SAID = { installing: "Installing", starting: "Starting", stopping: "Stopping", deleted: "Deleted" };
const said = (event) => (event.restart_in ? `Restarting in ${event.restart_in} s` : SAID[event.data]);
const ENDS = ["exit", "crashed", "failed", "deleted"];

const section = document.querySelector("[data-console]");
const part = (name) => section.querySelector(`[data-${name}]`);
const id = section.dataset.console;

// --- The terminal ---------------------------------------------------------------

const screenReader = localStorage.getItem("screen-reader") === "on";
let found = null; // told how much a search found
const terminal = openTerminal(part("terminal"), {
  label: `Console of ${id}`,
  screenReader,
  onBehind: showMore,
  onFound: (results) => found(results),
});
found = searchBox(part("search"), part("open-search"), terminal);

function showMore(behind, lines) {
  const button = part("more");
  const words = lines ? `${lines.toLocaleString("en")} new ${lines === 1 ? "line" : "lines"}` : "To the end";
  button.hidden = !behind;
  if (button.lastElementChild.textContent !== words) button.lastElementChild.textContent = words;
}

part("more").addEventListener("click", () => terminal.toBottom());

const toggle = part("screen-reader");
toggle.setAttribute("aria-pressed", screenReader);
toggle.addEventListener("click", () => {
  const on = toggle.getAttribute("aria-pressed") !== "true";
  toggle.setAttribute("aria-pressed", on);
  localStorage.setItem("screen-reader", on ? "on" : "off");
  terminal.screenReader = on;
});

// --- What comes and goes ----------------------------------------------------------

const charts = usageCharts(document.querySelector("[data-charts]"));
const socket = openSocket(id, Number(section.dataset.since), { onMessage: show, onState: become });

let printed = false;

function show(message) {
  if (message.event === "console") {
    printed = true;
    terminal.write(message.data);
  } else if (message.event === "stats") {
    if (!engineIsAway()) charts.take(message);
  } else if (message.event === "daemon_message") {
    const isError = message.data.startsWith("Error: ");
    terminal.say(`lightd: ${message.data}`, isError ? RED : CYAN);
    if (isError) commands?.giveBack();
  } else if (message.event === "event") {
    if (message.data in SAID) terminal.say(`lightd: ${said(message)}`, CYAN);
    if (message.data === "exit" && "exit_code" in message) terminal.say(`lightd: Exit code ${message.exit_code}`, CYAN);
    if (ENDS.includes(message.data)) charts.stop();
  }
}

// --- The connection -------------------------------------------------------------

let state = "connecting";

function become(next, detail) {
  const was = state;
  state = next;
  if (next === "live" && was === "connecting" && !printed) terminal.say("lightd: Nothing was printed yet", CYAN);
  if (next === "live" && was === "lost") sayBack(detail);
  if (next === "lost") sayLost(detail);
  if (next === "ended") sayEnded(detail);
  if (next !== "live") charts.stop();
  decide();
}

function banner(kind, sentence) {
  const shown = part("banner");
  shown.hidden = !sentence;
  shown.className = `console-banner alert alert-${kind}`;
  shown.firstElementChild.textContent = sentence;
  part("retry").hidden = kind !== "warning";
}

function sayLost(reason) {
  banner("warning", reason ? `${reason}. Reconnecting…` : "The connection dropped. Reconnecting…");
}

function sayBack(missed) {
  if (missed) {
    terminal.say(`lightd: ${missed.toLocaleString("en")} bytes of output are no longer kept`, RED);
    banner("danger", "Back. Some of what was printed meanwhile is no longer kept.");
    return;
  }
  banner("success", "Back: nothing was lost.");
  setTimeout(() => state === "live" && banner("success", ""), MILLISECONDS_BACK_SAID);
}

const sayEnded = (reason) => banner("danger", reason || "The console was closed.");

part("retry").addEventListener("click", () => socket.hurry());

// --- Typing ---------------------------------------------------------------------

const form = part("commands");
const commands = form && commandBox(form, type);

function type(command) {
  socket.send({ event: "send_command", command: `${command}\n` });
  terminal.toBottom();
}

function decide() {
  commands?.allow(reasonNotToType());
}

function reasonNotToType() {
  if (state === "ended") return "The console is closed";
  if (state !== "live") return "Not connected";
  if (engineIsAway()) return "Docker engine unreachable";
  return document.getElementById("container-head").dataset.noInput;
}

document.addEventListener("lightd:engine", () => {
  if (engineIsAway()) charts.stop();
  decide();
});
document.addEventListener("htmx:afterSettle", decide); // the head, which follows the state
