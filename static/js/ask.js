// Questions in a dialog. `ask` is for one text, and `question` for a dialog of any fields: both stay open with the refusal
// as long as `send` is refused. `choose` is between ways to go on, {value: label}, and gives the value, or "" for none.
import { Refused } from "./api.js";

export function ask({ title, label, hint = "", value = "", action }, send) {
  const dialog = document.getElementById("ask");
  const field = dialog.querySelector("#ask-value");
  dialog.querySelector("h2").textContent = title;
  dialog.querySelector("label").textContent = label;
  dialog.querySelector("#ask-hint").textContent = hint;
  dialog.querySelector("[type=submit]").textContent = action;
  field.value = value;
  question(dialog, () => send(field.value));
  field.focus();
  field.select();
}

export function question(dialog, send) {
  const form = dialog.querySelector("form");
  refuse(dialog, "");
  form.onsubmit = (event) => {
    event.preventDefault();
    if (form.ariaBusy !== "true") submit(dialog, form, send);
  };
  dialog.querySelector("[type=button]").onclick = () => dialog.close();
  dialog.showModal();
}

async function submit(dialog, form, send) {
  form.ariaBusy = "true";
  try {
    await send();
    dialog.close();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    refuse(dialog, error.message);
  } finally {
    form.ariaBusy = null;
  }
}

function refuse(dialog, sentence) {
  const said = dialog.querySelector("[role=alert]");
  said.textContent = sentence;
  for (const field of dialog.querySelectorAll(`[aria-describedby~="${said.id}"]`)) {
    field.setAttribute("aria-invalid", Boolean(sentence));
    field.classList.toggle("is-invalid", Boolean(sentence));
  }
}

export function choose(sentence, ways) {
  const choice = document.getElementById("choose");
  choice.querySelector("p").textContent = sentence;
  const buttons = Object.entries(ways).map(([value, label]) =>
    Object.assign(document.createElement("button"), { className: "btn", value, textContent: label }),
  );
  choice.querySelector(".btn-list").replaceChildren(...buttons);
  choice.returnValue = "";
  choice.showModal();
  return new Promise((resolve) => {
    choice.addEventListener("close", () => resolve(choice.returnValue), { once: true });
  });
}
