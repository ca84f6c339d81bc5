// <input data-own-time-zone> begins with the time zone of whoever looks at it, where it is one of those it offers.
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();

function fill(part) {
  for (const input of part.querySelectorAll("[data-own-time-zone]")) {
    const offered = [...input.list.options].some((option) => option.value === timeZone);
    if (offered && input.value === input.defaultValue) input.value = timeZone;
  }
}

fill(document);
document.addEventListener("htmx:load", ({ detail }) => fill(detail.elt));
