// Asks before something is done: data-confirm="Sentence?" data-confirm-action="Delete", and data-confirm-type="name"
// where that has to be typed. `confirmNames` lists what it is about. On a form, on its button, or on whatever htmx sends
// a request from.
import { failed } from "./toasts.js";

const dialog = document.getElementById("confirm");
const sentence = dialog.querySelector("#confirm-sentence");
const typed = dialog.querySelector("#confirm-typed");
const list = dialog.querySelector("ul");
const action = dialog.querySelector("button[value=yes]");

export function confirmed({ confirm, confirmAction = "Yes", confirmType = "", confirmNames = [] }) {
  sentence.textContent = confirm;
  action.textContent = confirmAction;
  list.replaceChildren(...confirmNames.map((name) => Object.assign(document.createElement("li"), { textContent: name })));
  list.hidden = !confirmNames.length;
  typed.value = "";
  typed.parentElement.hidden = !confirmType;
  dialog.querySelector("label").textContent = `Type ${confirmType} to go on`;
  const check = () => (action.disabled = Boolean(confirmType) && typed.value !== confirmType);
  typed.oninput = check;
  check();
  dialog.returnValue = "";
  dialog.showModal();
  if (confirmType) typed.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

// Enter presses the first button of a form, which is Cancel.
typed.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  action.click();
});

const isOfHtmx = (form) => form.matches("[hx-get], [hx-post], [hx-put], [hx-patch], [hx-delete]");
const askedBy = (form, button) => [button, form].find((element) => element?.dataset.confirm)?.dataset;
let agreed = null;

document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  const question = askedBy(form, submitter);
  if (!question || isOfHtmx(form)) return;
  if (agreed === form) {
    agreed = null;
    return;
  }
  event.preventDefault();
  if (!(await confirmed(question))) return;
  agreed = form;
  form.requestSubmit(submitter);
});

document.addEventListener("htmx:confirm", async (event) => {
  const { elt, verb, path, triggeringEvent, issueRequest } = event.detail;
  if (agreed === elt) {
    agreed = null;
    return;
  }
  const question = askedBy(elt, triggeringEvent?.submitter);
  if (!question) return;
  event.preventDefault();
  if (!(await confirmed(question))) return;
  if (elt.isConnected) issueRequest(true);
  else askFrom(document.getElementById(elt.id), verb, path);
});

// What asked was put anew while the question stood there, and htmx sends nothing from what is no part of the page.
function askFrom(successor, verb, path) {
  if (!successor) return failed("This has changed meanwhile: nothing was done");
  agreed = successor;
  htmx.ajax(verb, path, { source: successor });
}
