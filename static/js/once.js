// What is shown once does not come back: [data-once] is taken out when the page is left, so that it is not in what the
// browser keeps of it for the back button.
addEventListener("pagehide", () => {
  for (const shown of document.querySelectorAll("[data-once]")) shown.remove();
});
