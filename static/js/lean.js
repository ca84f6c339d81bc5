// An address says only what was chosen: within [data-lean], fields that are empty are not asked for.
document.addEventListener("htmx:configRequest", ({ detail: { elt, verb, parameters } }) => {
  if (verb !== "get" || !elt.closest("[data-lean]")) return;
  for (const [name, value] of [...Object.entries(parameters)]) {
    if (!value) delete parameters[name];
  }
});
