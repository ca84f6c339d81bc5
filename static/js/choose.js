// <button data-choose="view console.read"> checks these boxes among the choices of its form, and no others.
document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-choose]");
  if (!button) return;
  const wanted = button.dataset.choose.split(" ");
  for (const box of button.form.querySelectorAll(".choices input")) box.checked = wanted.includes(box.value);
});
