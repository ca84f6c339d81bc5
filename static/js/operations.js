// #operations: the archives that are being made and extracted, how far each is, and a button that gives it up. They are
// asked about once a second, one after the other, while there are any; those that went on already when the page came are
// in its data-operations.
import { Refused } from "./api.js";
import { failed, toast } from "./toasts.js";
import { units } from "./units.js";
import { cancel, operation as find } from "./volume.js";

// Milliseconds: a worker writes how far it is once a second, but many are done before.
const [SOON, PAUSE] = [300, 1000];
const LATEST = 5; // looks that the speed is told from: one alone may fall before or behind what is written

const panel = document.getElementById("operations");
const list = panel.querySelector("ul");
const template = panel.querySelector("template");
const ids = new Set(panel.dataset.operations.split(" ").filter(Boolean));
const rows = new Map(); // id → { row, looks }
let timer = null;
let ended = () => {};

export const whenEnded = (what) => (ended = what);

// Shows an operation until it ends.
export function follow(operation) {
  ids.add(operation.id);
  show(operation);
  say(`${verb(operation)} ${operation.archive_path}`);
  timer ??= setTimeout(look, SOON);
}

async function look() {
  let some = false;
  for (const id of [...ids]) some = (await isOver(id)) || some;
  timer = ids.size ? setTimeout(look, PAUSE) : null;
  if (some) ended();
}

async function isOver(id) {
  try {
    show(await find(id));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 404) remove(id); // with its volume
    else rows.get(id)?.row.querySelector(".operation-state").replaceChildren(error.message);
  }
  return !ids.has(id);
}

const verb = ({ kind }) => (kind === "compress" ? "Making" : "Extracting");

function begin(operation) {
  const row = template.content.cloneNode(true).firstElementChild;
  const [archive, destination] = row.querySelectorAll("bdi");
  row.querySelector(".operation-verb").textContent = verb(operation);
  archive.textContent = operation.archive_path;
  destination.parentElement.hidden = !operation.destination;
  destination.textContent = operation.destination ?? "";
  row.querySelector("progress").ariaLabel = `${verb(operation)} ${operation.archive_path}`;
  const button = row.querySelector("button");
  button.setAttribute("aria-label", `Cancel ${verb(operation).toLowerCase()} ${operation.archive_path}`);
  button.addEventListener("click", () => giveUp(operation.id, button));
  list.append(row);
  panel.hidden = false;
  rows.set(operation.id, { row, looks: [] });
}

function show(operation) {
  if (!rows.has(operation.id)) begin(operation);
  const { row, looks } = rows.get(operation.id);
  if (operation.finished_at) return finish(operation, row);
  looks.push({ at: performance.now(), done: operation.done_bytes });
  looks.splice(0, looks.length - LATEST);
  const bar = row.querySelector("progress");
  if (operation.total_bytes) bar.value = operation.done_bytes / operation.total_bytes;
  else bar.removeAttribute("value");
  row.querySelector(".operation-state").textContent = state(operation, looks);
}

function state({ status, done_bytes: done, total_bytes: total, entries }, looks) {
  if (status === "queued") return "Waits for others";
  const words = total ? [units.percent((done / total) * 100)] : [];
  const [first, last] = [looks[0], looks.at(-1)];
  if (last.done > first.done) words.push(units["bytes/s"](((last.done - first.done) / (last.at - first.at)) * 1000));
  if (entries) words.push(entries === 1 ? "1 entry" : `${units.number(entries)} entries`);
  return words.join(", ") || "Begins";
}

function finish(operation, row) {
  ids.delete(operation.id);
  if (operation.status === "failed") return fail(operation, row);
  remove(operation.id);
  if (operation.status === "cancelled") toast(`Cancelled: ${operation.archive_path}`, "warning");
  else toast(...conclusion(operation));
}

function conclusion({ kind, archive_path: path, destination, size, left_out: names, left_out_count: count }) {
  if (kind === "decompress") return [`${path} is extracted into ${destination || "the top of the volume"}`];
  const made = `${path} is made: ${units.bytes(size)}`;
  if (!count) return [made];
  return [`${made}. No archive may have these ${count}, so they are left out: ${names.slice(0, 3).join(", ")}`, "warning"];
}

// It stays, with the reason, until it is closed.
function fail(operation, row) {
  const sentence = row.querySelector(".operation-state");
  sentence.textContent = operation.error;
  sentence.classList.add("operation-error");
  row.querySelector("progress").remove();
  say(`${operation.archive_path}: ${operation.error}`);
  const close = document.createElement("button");
  Object.assign(close, { type: "button", className: "btn btn-sm", textContent: "Close" });
  close.setAttribute("aria-label", `Close ${operation.archive_path}`);
  close.addEventListener("click", () => remove(operation.id));
  row.querySelector("button").replaceWith(close);
}

function remove(id) {
  const row = rows.get(id)?.row;
  const hadFocus = row?.contains(document.activeElement);
  ids.delete(id);
  rows.delete(id);
  row?.remove();
  panel.hidden = !rows.size;
  if (hadFocus) document.getElementById("content").focus();
}

async function giveUp(id, button) {
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  try {
    await cancel(id);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    failed(error.message);
    button.ariaBusy = null;
  }
}

// To those who do not see it, which the figures of each moment are not.
function say(sentence) {
  panel.querySelector("[role=status]").textContent = sentence;
}

if (ids.size) look();
