// <button data-copy="text"> copies the text; data-copy-from="#id" copies what that element says.
const MILLISECONDS_SAID = 1500;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  await write(button.dataset.copy ?? textOf(document.querySelector(button.dataset.copyFrom)));
  say(button, "Copied");
});

const textOf = (element) => element.value ?? element.textContent.trim();

async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without TLS browsers have no clipboard object.
  const field = Object.assign(document.createElement("textarea"), { value: text, className: "visually-hidden" });
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

function say(button, word) {
  button.querySelector(".copied")?.remove();
  const said = Object.assign(document.createElement("span"), { className: "copied", textContent: word });
  said.setAttribute("role", "status");
  button.append(said);
  setTimeout(() => said.remove(), MILLISECONDS_SAID);
}
