// What the browser's tab shows: data-title="running" is how the title begins, and data-icon the address of the icon.
// Both follow what is swapped in.
const SEPARATOR = " · ";
const icon = document.querySelector("link[rel=icon]");
let before = document.querySelector("[data-title]")?.dataset.title;

function show() {
  const shown = document.querySelector("[data-title]")?.dataset;
  if (!shown || shown.title === before) return;
  document.title = shown.title + SEPARATOR + document.title.slice((before + SEPARATOR).length);
  before = shown.title;
  if (shown.icon) icon.href = shown.icon;
}

document.addEventListener("htmx:afterSwap", show);
document.addEventListener("htmx:oobAfterSwap", show);
