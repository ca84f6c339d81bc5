// <form data-busy> shows at once that it was sent, and is sent once.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || !event.target.matches("[data-busy]")) return;
  if (event.target.ariaBusy === "true") return event.preventDefault();
  event.target.ariaBusy = "true";
});
