// <div data-names>: names that are typed, or chosen from what is suggested, become entries of its list, each with a
// hidden input. What is still in the field when the form is sent counts as well.
const partsOf = (inside) => {
  const field = inside.closest("[data-names]");
  return { list: field.querySelector("ul"), entry: field.querySelector("template"), input: field.querySelector("[list]") };
};

function add({ list, entry, input }, name) {
  if (!name) return;
  input.value = "";
  if ([...list.querySelectorAll("input")].some((known) => known.value === name)) return;
  const item = entry.content.firstElementChild.cloneNode(true);
  item.querySelector("span").textContent = name;
  item.querySelector("input").value = name;
  item.querySelector("button").setAttribute("aria-label", `Remove ${name}`);
  list.append(item);
}

const isOurs = (target) => target.matches?.("[data-names] input[list]");

document.addEventListener("keydown", (event) => {
  if (!isOurs(event.target)) return;
  const parts = partsOf(event.target);
  if (event.key === "Backspace" && !event.target.value) parts.list.lastElementChild?.remove();
  if (event.key !== "," && (event.key !== "Enter" || !event.target.value)) return;
  event.preventDefault();
  add(parts, event.target.value.trim());
});

// Chosen from the suggestions, a value comes at once: nobody typed its last letter.
document.addEventListener("input", (event) => {
  if (!isOurs(event.target) || (event.inputType && event.inputType !== "insertReplacementText")) return;
  add(partsOf(event.target), event.target.value.trim());
});

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-names] li button");
  if (!button) return;
  const { input } = partsOf(button);
  button.closest("li").remove();
  input.focus();
});
