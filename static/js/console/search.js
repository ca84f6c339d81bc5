// Ctrl+F searches the console: what is scrolled away is not in the page, so the browser's own search does not find it.
// Pressed again in the box, the browser's own comes.
const isFind = (event) => (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key === "f";

// searchBox(box, opener, terminal): the form that asks what for, hidden until it is wanted, and the button that opens it.
// Returns what tells it how much was found.
export function searchBox(box, opener, terminal) {
  const input = box.querySelector("input");
  const count = box.querySelector("[data-found]");
  const previous = () => input.value && terminal.findPrevious(input.value);
  const next = () => input.value && terminal.findNext(input.value);

  function open() {
    box.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    input.select();
    input.focus();
    previous();
  }

  function close() {
    box.hidden = true;
    opener.setAttribute("aria-expanded", "false");
    terminal.endSearch();
    opener.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (!isFind(event) || document.activeElement === input) return;
    event.preventDefault();
    open();
  });
  opener.addEventListener("click", () => (box.hidden ? open() : close()));
  // The latest is what is looked for first.
  input.addEventListener("input", () => (input.value ? previous() : terminal.endSearch()));
  box.addEventListener("submit", (event) => {
    event.preventDefault();
    next();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key !== "Enter" || !event.shiftKey) return;
    event.preventDefault();
    previous();
  });
  box.querySelector("[data-previous]").addEventListener("click", previous);
  box.querySelector("[data-close]").addEventListener("click", close);

  return ({ resultIndex, resultCount }) => {
    const place = resultIndex < 0 ? "" : `${resultIndex + 1} of `;
    count.textContent = !input.value ? "" : resultCount ? `${place}${resultCount}` : "Nothing found";
  };
}
