// A text file in the editor. It comes and goes by the API, letter by letter: HTML would change the ends of its lines.
import { attempt } from "./api.js";
import { choose } from "./ask.js";
import { edit, setText } from "./editor.js";
import { show as showTime } from "./times.js";
import { toast } from "./toasts.js";
import { units } from "./units.js";
import { change, create, read } from "./volume.js";

const LANGUAGES = {
  bash: "shell", cfg: "properties", conf: "properties", css: "css", htm: "html", html: "html", ini: "properties",
  js: "javascript", json: "json", lua: "lua", markdown: "markdown", md: "markdown", mjs: "javascript",
  properties: "properties", py: "python", sh: "shell", svg: "xml", toml: "toml", ts: "javascript", xml: "xml",
  yaml: "yaml", yml: "yaml",
};
const MOST_COPIES = 20;

const place = document.querySelector(".files-editor");
const textarea = place.querySelector("textarea");
const button = document.querySelector("[data-save]");
const said = document.querySelector("[data-file-said]");
const path = decodeURIComponent(document.querySelector("#files").dataset.path);
const name = path.slice(path.lastIndexOf("/") + 1);
const language = name === "Dockerfile" ? "dockerfile" : (LANGUAGES[name.split(".").pop().toLowerCase()] ?? "text");

let version = "";
let lineEnd = "\n";
let saved = "";

const isChanged = () => textarea.value !== saved;

function take(file) {
  const ends = file.content.match(/\r\n|\r|\n/g) ?? [];
  const mixed = new Set(ends).size > 1;
  version = file.version;
  lineEnd = mixed || !ends.length ? "\n" : ends[0];
  return mixed ? "Its lines end in different ways; saving makes them all alike." : "";
}

async function open() {
  const file = await read(path);
  said.textContent = take(file);
  textarea.dataset.editor = language;
  textarea.readOnly = !("mayWrite" in textarea.dataset);
  textarea.value = file.content;
  edit(textarea);
  saved = textarea.value; // whose lines end alike, whatever was put in
}

function show() {
  if (!button) return;
  button.disabled = !isChanged();
  said.textContent = isChanged() ? "Not saved yet." : "";
}

const content = () => textarea.value.replaceAll("\n", lineEnd);

// `seen`: the version that it may replace; none for whatever is there.
async function write(seen) {
  const text = textarea.value;
  const expected = seen ? { expected_version: seen } : {};
  ({ version } = await change("files", { path, content: content(), ...expected }));
  saved = text;
  show();
  showWritten();
  toast("Saved");
}

function showWritten() {
  const changed = document.querySelector("[data-file-changed] time");
  document.querySelector("[data-file-size]").textContent = units.bytes(new Blob([content()]).size);
  if (!changed) return;
  changed.dateTime = new Date().toISOString();
  showTime(changed);
}

async function save() {
  if (!isChanged() || button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  await attempt(() => write(version).catch(conflict));
  button.ariaBusy = null;
}

async function conflict(error) {
  if (error.status !== 409 && error.status !== 404) throw error;
  const gone = error.status === 404;
  if (!gone && (await read(path)).version === version) throw error; // it is the volume's conflict, and not the file's
  const way = await choose(`${error.message}. Nothing is overwritten yet.`, {
    "": "Go on editing",
    copy: "Keep mine as a copy",
    ...(gone ? {} : { reload: "Reload, and lose mine" }),
    overwrite: gone ? "Write it anew" : "Overwrite",
  });
  await { copy: keepCopy, reload, overwrite: gone ? writeAnew : () => write("") }[way]?.();
}

// Its folder may be gone as well.
async function writeAnew() {
  await create(path);
  await write("");
}

async function reload() {
  const file = await read(path);
  const remark = take(file);
  setText(textarea, file.content);
  saved = textarea.value;
  show();
  said.textContent = remark;
}

async function keepCopy() {
  const dot = path.lastIndexOf(".") > path.lastIndexOf("/") + 1 ? path.lastIndexOf(".") : path.length;
  for (let number = 1; number <= MOST_COPIES; number += 1) {
    const copy = `${path.slice(0, dot)} (copy${number > 1 ? ` ${number}` : ""})${path.slice(dot)}`;
    try {
      await create(copy, content());
      saved = textarea.value;
      location.href = `?${new URLSearchParams({ path: copy })}`;
      return;
    } catch (error) {
      if (error.status !== 409 || number === MOST_COPIES) throw error;
    }
  }
}

button?.addEventListener("click", save);
textarea.addEventListener("input", show);
document.addEventListener("keydown", (event) => {
  if (!button || event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  save();
});
addEventListener("beforeunload", (event) => isChanged() && event.preventDefault());

await attempt(open);
place.ariaBusy = null;
