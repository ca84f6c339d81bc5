// The head of a container is put anew whenever its state changes: whoever was at its buttons stays there. Of a container
// that is there no more it says so, and the tabs are out of sight, but for a file that is being written: that can be kept.
const head = () => document.getElementById("container-head");
let held = ""; // the id of what has the focus in the head

const isInHead = (element) => element instanceof Element && element.closest("#container-head");
const note = ({ target }) => (held = isInHead(target) ? target.id : "");

document.addEventListener("focusin", note);
document.addEventListener("pointerdown", note);
document.addEventListener("htmx:afterSettle", () => {
  if (!held || document.activeElement !== document.body) return;
  const button = document.getElementById(held);
  const next = button?.disabled === false ? button : head().querySelector("[id^=power-]:not(:disabled)");
  next?.focus({ preventScroll: true });
});

document.addEventListener("htmx:beforeSwap", ({ target, detail }) => {
  if (detail.xhr.status !== 404 || !target.matches("[data-live-part]")) return;
  detail.isError = false;
  if (target !== head()) return;
  detail.shouldSwap = true;
  detail.serverResponse = document.getElementById("container-gone").innerHTML;
  document.querySelector(".tabs").hidden = true;
  const tab = document.getElementById("tab");
  tab.hidden = !tab.querySelector(".files-editor");
});
