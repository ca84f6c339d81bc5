// What one does to a container from a list: by the API's own routes, which answer with the sentence to show. Attached by
//   data-act="stop"     on a button within a data-container, or with the container's name in data-of
// The button shows at once that it was pressed; how the container is then, its row says.
import { Refused, request } from "./api.js";
import { confirmed } from "./confirm.js";
import { refresh } from "./refresh.js";
import { failed } from "./toasts.js";

const ROUTES = {
  start: ["POST", "/start"],
  stop: ["POST", "/stop"],
  restart: ["POST", "/restart"],
  kill: ["POST", "/kill"],
  delete: ["DELETE", ""],
};

// Asked before what can't be undone: of one container, of several.
const QUESTIONS = {
  kill: [
    "Kill",
    "Its process ends at once, and what it has not saved is lost.",
    "Their processes end at once, and what they have not saved is lost.",
  ],
  delete: [
    "Delete",
    "It is removed for good, and its ports are free for others. Its volume stays.",
    "They are removed for good, and their ports are free for others. Their volumes stay.",
  ],
};

// Whether whoever asked for it means all of these containers.
export async function meant(action, names) {
  if (!QUESTIONS[action]) return true;
  const [verb, ofOne, ofMany] = QUESTIONS[action];
  if (names.length === 1) return confirmed({ confirm: `${verb} ${names[0]}? ${ofOne}`, confirmAction: verb });
  const confirm = `${verb} these ${names.length} containers? ${ofMany}`;
  return confirmed({ confirm, confirmAction: `${verb} ${names.length} containers`, confirmNames: names });
}

// Throws what it was refused with.
export async function act(action, name) {
  const [method, route] = ROUTES[action];
  await request(`/containers/${encodeURIComponent(name)}${route}`, { method });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-act]");
  if (!button || button.ariaBusy === "true") return;
  const { act: action, of } = button.dataset;
  const name = of ?? button.closest("[data-container]").dataset.container;
  if (!(await meant(action, [name]))) return;
  button.ariaBusy = "true";
  try {
    await act(action, name);
    refresh([name]);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    failed(`${name}: ${error.message}`);
  } finally {
    button.ariaBusy = "false";
  }
});
