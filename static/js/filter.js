// <input data-filter="#id" data-filter-said="#id"> leaves of the elements with data-filter-item in there those that have
// every word in a heading, a sentence or a name, and says how many. Lists of links to them follow: data-filter-link;
// what has none left, data-filter-group, goes too (site.css).
const field = document.querySelector("[data-filter]");
const said = document.querySelector(field.dataset.filterSaid);
const within = document.querySelector(field.dataset.filter);

const items = [...within.querySelectorAll("[data-filter-item]")].map((item) => ({
  elements: [item, ...document.querySelectorAll(`[data-filter-link]:has(> a[href="#${item.id}"])`)],
  text: [...item.querySelectorAll("h2, h3, p, dt")].map((each) => each.textContent).join("\n").toLowerCase(),
}));

function filter() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const { elements, text } of items) {
    const fits = words.every((word) => text.includes(word));
    for (const element of elements) element.hidden = !fits;
    found += fits;
  }
  said.textContent = words.length ? (found ? `${found} found` : "Nothing found") : "";
}

field.addEventListener("input", filter);
filter(); // browsers keep what was typed when a page is reloaded
