// The keyboard in a list of files: arrows, Home and End go from row to row, Shift with them and with a click chooses all
// on the way, Space chooses, Control+A everything, Escape nothing; F2 and Delete press those buttons.
import { rows } from "./files.js";

const BUTTONS = { F2: "rename", Delete: "remove" };
let last = null; // the row of the last click

const boxOf = (row) => row.querySelector("[data-select]");

function choose(some, checked) {
  const boxes = some.map(boxOf).filter(Boolean);
  for (const box of boxes) box.checked = checked;
  boxes[0]?.dispatchEvent(new Event("change", { bubbles: true }));
}

function goTo(row, from) {
  const name = row.querySelector(".files-name a");
  const target = from.matches("a") ? (name ?? boxOf(row)) : (boxOf(row) ?? name);
  target?.focus();
}

function next(key, all, at) {
  return { ArrowUp: all[at - 1], ArrowDown: all[at + 1], Home: all[0], End: all.at(-1) }[key];
}

function press(name) {
  const button = document.querySelector(`[data-file-action=${name}]`);
  if (button && !button.disabled) button.click();
}

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  const row = target.closest("tr[data-path]");
  if (!row || event.altKey) return;
  const all = rows();
  const to = next(key, all, all.indexOf(row));
  if (to) {
    if (event.shiftKey) choose([row, to], true);
    goTo(to, target);
  } else if (key === " " && target.matches(".files-name a")) choose([row], !boxOf(row)?.checked);
  else if (key === "a" && (event.ctrlKey || event.metaKey)) choose(all, true);
  else if (key === "Escape") choose(all, false);
  else if (BUTTONS[key]) {
    if (!all.some((each) => boxOf(each)?.checked)) choose([row], true);
    press(BUTTONS[key]);
  } else return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-path]");
  if (!row || !event.target.matches("[data-select]")) return;
  if (event.shiftKey && last?.isConnected) {
    const all = rows();
    const [from, to] = [all.indexOf(last), all.indexOf(row)].sort((one, other) => one - other);
    choose(all.slice(from, to + 1), event.target.checked);
  }
  last = row;
});

// Who went on to another folder by keyboard goes on there.
document.addEventListener("htmx:load", ({ target }) => {
  if (target.id !== "files" || document.activeElement !== document.body) return;
  const [first] = rows();
  if (first) goTo(first, first.querySelector(".files-name a") ?? first);
  else target.querySelector(".crumbs [aria-current]")?.focus();
});
