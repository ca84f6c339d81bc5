// <form data-selection>, or another element: rows are chosen by their <input data-select="name">, all of them by
// <input data-select-all>.
// What is done to the chosen is a <button data-selection-action data-confirm-each="Delete {}?">: it asks once, naming
// them (confirm.js); data-selection-action="one" is for one alone; <span data-selected-count> says how many they are, and
// what is <div data-selection-bar> is there while there are any.
import { named, showInAll } from "./chosen.js";

const MOST_NAMED = 12;

const boxesOf = (form) => [...form.querySelectorAll("[data-select]:enabled")];

function show(form) {
  const boxes = boxesOf(form);
  const chosen = boxes.filter((box) => box.checked).map((box) => box.dataset.select);
  showInAll(form.querySelector("[data-select-all]"), chosen.length, boxes.length);
  const count = form.querySelector("[data-selected-count]");
  if (count) count.textContent = chosen.length ? `${chosen.length} selected` : "None selected";
  const bar = form.querySelector("[data-selection-bar]");
  if (bar) bar.hidden = !chosen.length;
  for (const button of form.querySelectorAll("[data-selection-action]")) {
    button.disabled = button.dataset.selectionAction === "one" ? chosen.length !== 1 : !chosen.length;
    const question = button.dataset.confirmEach;
    if (question) button.dataset.confirm = question.replace("{}", () => named(chosen, MOST_NAMED));
  }
}

document.addEventListener("change", ({ target }) => {
  const form = target.closest?.("[data-selection]");
  if (!form) return;
  if (target.matches("[data-select-all]")) for (const box of boxesOf(form)) box.checked = target.checked;
  show(form);
});

// A browser keeps what was checked over a reload.
for (const form of document.querySelectorAll("[data-selection]")) show(form);
document.addEventListener("htmx:load", ({ target }) => {
  for (const form of target.querySelectorAll("[data-selection]")) show(form);
});
