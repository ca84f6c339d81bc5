// <input data-typed="name">: what its form does is off until that name is typed there.
function check(field) {
  for (const button of field.form.querySelectorAll(".btn-danger")) button.disabled = field.value !== field.dataset.typed;
}

document.addEventListener("input", ({ target }) => target.matches("[data-typed]") && check(target));
// A browser keeps what was typed over a reload and for the back button.
addEventListener("pageshow", () => document.querySelectorAll("[data-typed]").forEach(check));
