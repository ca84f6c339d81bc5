// <form data-unsaved>: who would leave with changes in it that are not saved is asked first; data-unsaved="already" has some
// from the beginning, as the answer to a request that was refused. Within it,
//   data-unsaved-said       is shown while there are any
//   data-unsaved-discard    leads away without a question
const forms = [...document.querySelectorAll("form[data-unsaved]")];
const contents = (form) => new URLSearchParams(new FormData(form)).toString();
const saved = new Map(forms.map((form) => [form, form.dataset.unsaved === "already" ? null : contents(form)]));
const isChanged = (form) => contents(form) !== saved.get(form);
let left = []; // forms that were sent, or given up

function show(form) {
  for (const part of form.querySelectorAll("[data-unsaved-said], [data-unsaved-discard]")) part.hidden = !isChanged(form);
}

const showAll = () => forms.forEach(show);

document.addEventListener("input", showAll);
document.addEventListener("htmx:load", showAll); // rows that came or went
document.addEventListener("submit", (event) => event.defaultPrevented || (left = [event.target]));
document.addEventListener("click", ({ target }) => target.closest("[data-unsaved-discard]") && (left = forms));
addEventListener("beforeunload", (event) => {
  if (forms.some((form) => !left.includes(form) && isChanged(form))) event.preventDefault();
  left = [];
});
showAll();
