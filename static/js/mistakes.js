// What was refused in a field is no longer said of it once something else is typed there; the room for it stays.
document.addEventListener("input", ({ target }) => {
  const place = target.closest?.(".with-unit, .field");
  for (const field of place?.querySelectorAll(".is-invalid") ?? []) {
    field.classList.remove("is-invalid");
    field.removeAttribute("aria-invalid");
    const said = document.getElementById(`${field.id}_error`);
    if (!said) continue;
    said.classList.add("was-mended");
    const others = field.getAttribute("aria-describedby").split(" ").filter((id) => id !== said.id);
    field.setAttribute("aria-describedby", others.join(" "));
  }
});
