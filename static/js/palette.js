// The command palette, by Ctrl+K or [data-palette-open]: a combobox whose listbox the server fills. The focus stays in
// the field; what Enter does is the choice that aria-activedescendant names.
const dialog = document.getElementById("palette");
const field = document.getElementById("palette-search");
const list = document.getElementById("palette-choices");
const said = dialog.querySelector("[role=status]");
let answered = null; // what the choices there are an answer to
let isEntered = false; // Enter was pressed before the choices for what was typed were there

const choices = () => [...list.querySelectorAll("[role=option]")];
const current = () => list.querySelector("[aria-selected=true]");

function open() {
  if (document.querySelector("dialog[open]")) return;
  document.getElementById("palette-here").value = document.getElementById("container-head")?.dataset.container ?? "";
  field.value = said.textContent = "";
  list.replaceChildren();
  answered = null;
  isEntered = false;
  dialog.showModal();
  htmx.trigger(field, "palette-open");
}

function choose(choice) {
  current()?.setAttribute("aria-selected", "false");
  choice?.setAttribute("aria-selected", "true");
  choice?.scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", choice?.id ?? "");
}

function show() {
  const found = choices();
  found.forEach((choice, number) => (choice.id = `palette-choice-${number}`));
  said.textContent = found.length ? `${found.length} found` : "Nothing found";
  choose(found[0]);
  if (isEntered) enter();
}

function enter() {
  isEntered = answered !== field.value;
  if (!isEntered) current()?.click();
}

function step(by) {
  const all = choices();
  choose(all[(all.indexOf(current()) + by + all.length) % all.length]);
}

document.addEventListener("click", (event) => event.target.closest("[data-palette-open]") && open());
// Before a terminal or an editor takes it.
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    open();
  },
  { capture: true },
);

field.addEventListener("keydown", (event) => {
  const does = { ArrowDown: () => step(1), ArrowUp: () => step(-1), Enter: enter }[event.key];
  if (!does || event.isComposing) return;
  event.preventDefault();
  does();
});
list.addEventListener("pointermove", ({ target }) => {
  const choice = target.closest("[role=option]");
  if (choice && choice !== current()) choose(choice);
});
// Closed before anything is done: what asks for confirmation wants the page for itself.
list.addEventListener("click", ({ target }) => target.closest("[role=option]") && dialog.close());
dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());

field.addEventListener("htmx:afterOnLoad", ({ detail: { requestConfig } }) => {
  answered = requestConfig.parameters.search ?? "";
  show();
});
