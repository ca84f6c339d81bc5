// The first page asks for its parts every few seconds (data-overview), but not while it is hidden. A part that says what
// it said before is left as it is, with its focus and its selection. While the server does not answer, no toast says so:
// the page is stale.
import { stale } from "./stale.js";

const asker = document.querySelector("[data-overview]");
const shown = new Map(); // id of a part → what was last put there

document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  const html = detail.fragment.firstElementChild.outerHTML;
  detail.shouldSwap = shown.get(detail.target.id) !== html;
  shown.set(detail.target.id, html);
});

asker.addEventListener("htmx:beforeRequest", (event) => document.hidden && event.preventDefault());
asker.addEventListener("htmx:afterOnLoad", () => stale("overview", false));
for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  asker.addEventListener(failure, (event) => {
    event.stopPropagation();
    stale("overview", true);
  });
}
