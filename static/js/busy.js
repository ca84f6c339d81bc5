// A form that is sent as a page shows at once that it was, and is sent once. Those of htmx have a mark of their own.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || !event.target.matches("[method=post]")) return;
  if (event.target.ariaBusy === "true") return event.preventDefault();
  event.target.ariaBusy = "true";
});

// The page as the browser kept it, for the back button.
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  for (const form of document.querySelectorAll("form[aria-busy]")) form.ariaBusy = null;
});
