// The command box: what is typed there is sent, and recalled with Up and Down on any device.
// <form data-commands="address of what was typed before" data-longest="characters of what is kept"> with an input, and
// data-why for why nothing can be typed.
import { attempt, request } from "../api.js";

const REFUSED_WITHIN = 5000; // milliseconds

export function commandBox(form, send) {
  const input = form.querySelector("input");
  const why = form.querySelector("[data-why]");
  let typed = []; // the latest last
  let at = 0; // which of them is shown; their number: what is being written
  let draft = "";
  let wasFocused = false;
  let sent = { command: "", at: 0 }; // the last one, and when
  let keeping = Promise.resolve(); // one after the other, so that they stand in order

  async function load() {
    await keeping;
    await attempt(async () => {
      typed = (await (await request(form.dataset.commands)).json()).commands;
      at = typed.length;
    });
  }

  function show(index) {
    if (at === typed.length) draft = input.value;
    at = Math.max(0, Math.min(index, typed.length));
    input.value = at === typed.length ? draft : typed[at];
    input.setSelectionRange(input.value.length, input.value.length);
  }

  function keep(command) {
    typed = [...typed.filter((each) => each !== command), command];
    at = typed.length;
    draft = "";
    const body = new URLSearchParams({ command });
    const keepIt = () => request(form.dataset.commands, { method: "POST", body, keepalive: true });
    keeping = keeping.then(() => attempt(keepIt));
  }

  input.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    show(at + step);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const command = input.value;
    send(command);
    sent = { command, at: performance.now() };
    input.value = "";
    if (command.trim() && command.length <= Number(form.dataset.longest)) keep(command);
  });
  document.addEventListener("commands-forgotten", () => {
    typed = [];
    at = 0;
  });
  input.addEventListener("focus", load); // something may have been typed on another device

  return {
    // What was sent just now was refused: it is not to be typed again.
    giveBack() {
      if (!input.value && performance.now() - sent.at < REFUSED_WITHIN) input.value = sent.command;
    },
    // reason: why nothing can be typed now; empty, if it can.
    allow(reason) {
      if (input.disabled === Boolean(reason) && why.textContent === reason) return;
      if (reason && document.activeElement === input) wasFocused = true;
      for (const each of form.elements) each.disabled = Boolean(reason);
      why.textContent = reason;
      if (!reason && wasFocused && document.activeElement === document.body) input.focus();
      if (!reason) wasFocused = false;
    },
  };
}
