// <button data-fill="memory=1&memory_unit=GiB"> fills these fields of its form.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fill]");
  if (!button) return;
  for (const [name, value] of new URLSearchParams(button.dataset.fill)) {
    const field = button.form.elements[name];
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
});
