// <input data-typed="name">: what its form does is off until that name is typed there. One that is not shown does not count.
function check(form) {
  const fields = [...form.querySelectorAll("[data-typed]")].filter((field) => field.offsetParent);
  const isMeant = fields.every((field) => field.value === field.dataset.typed);
  for (const button of form.querySelectorAll(".btn-danger")) button.disabled = !isMeant;
}

document.addEventListener("input", ({ target }) => target.form?.querySelector("[data-typed]") && check(target.form));
// A browser keeps what was typed over a reload and for the back button.
addEventListener("pageshow", () => document.querySelectorAll("[data-typed]").forEach(({ form }) => check(form)));
