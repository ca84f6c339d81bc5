// What is done to the files of a folder: <button data-file-action="newFolder"> calls the action of that name below, for
// the rows that are chosen. Afterwards the folder is asked for again.
import { attempt } from "./api.js";
import { compress, extract } from "./archives.js";
import { ask } from "./ask.js";
import { confirmed } from "./confirm.js";
import { whenEnded } from "./operations.js";
import { toast } from "./toasts.js";
import { change, create, folderOf, joined, nameOf, placeOf } from "./volume.js";

export const folder = () => document.querySelector("[data-folder]");
export const rows = () => [...document.querySelectorAll("#files tr[data-path]")];
export const pathOf = (element) => decodeURIComponent(element.dataset.path ?? element.dataset.folder);

const chosen = () => rows().filter((row) => row.querySelector("[data-select]").checked);

// The folder as it is now, with the focus where it was. That there was no answer, toasts.js says.
export async function refresh() {
  const at = document.activeElement.closest?.("tr[data-path]")?.dataset.path;
  await htmx.ajax("GET", location.href, { target: "#files", select: "#files", swap: "outerHTML" }).catch(() => null);
  if (at) rows().find((row) => row.dataset.path === at)?.querySelector("input, a")?.focus();
}

const actions = {
  newFile() {
    ask({ title: "New file", label: "Name", action: "Create" }, async (name) => {
      const path = joined(pathOf(folder()), placeOf(name));
      await create(path);
      location.href = `?${new URLSearchParams({ path })}`;
    });
  },

  newFolder() {
    ask({ title: "New folder", label: "Name", action: "Create" }, async (name) => {
      await change("folders", { path: joined(pathOf(folder()), placeOf(name)) });
      await refresh();
    });
  },

  rename([row]) {
    rename(row);
  },

  move: (some) => bring(some, "move", "Move", "Moved"),
  copy: (some) => bring(some, "copy", "Copy", "Copied"),

  changeMode(some) {
    const hint = "Octal digits for owner, group and others: 644 for a file, 755 for a program or a folder.";
    const value = some[0].dataset.mode;
    ask({ title: `Mode of ${named(some)}`, label: "Mode", hint, value, action: "Change" }, async (mode) => {
      await each(some, (path) => change("chmod", { path, mode: mode.trim() }));
    });
  },

  compress: (some) => compress(some.map(pathOf), pathOf(folder())),
  extract: ([row]) => extract(pathOf(row), pathOf(folder())),

  async remove(some, button) {
    if (!(await confirmed(button.dataset))) return;
    button.ariaBusy = "true";
    await attempt(async () => toast((await change("delete", { paths: some.map(pathOf) })).message));
    await refresh(); // also if only some of them are gone
    button.ariaBusy = null;
  },
};

const named = (some) => (some.length === 1 ? some[0].querySelector("bdi").textContent : `${some.length} entries`);

// One has a new path, several have a folder that they go to.
function bring(some, route, action, done) {
  const single = some.length === 1;
  const question = {
    title: `${action} ${named(some)}`,
    label: single ? "New path" : "To the folder",
    hint: single ? "From the top of the volume, with its name." : "From the top of the volume; empty for the top itself.",
    value: single ? pathOf(some[0]) : pathOf(folder()),
    action,
  };
  ask(question, async (typed) => {
    const place = placeOf(typed);
    const to = (source) => (single ? place : joined(place.replace(/\/+$/, ""), nameOf(source)));
    await each(some, (source) => change(route, { source, destination: to(source) }));
    toast(`${done} ${some.length === 1 ? "1 entry" : `${some.length} entries`}`);
  });
}

// One after the other; what is done is shown, also if the next one is refused.
async function each(some, act) {
  try {
    for (const row of some) await act(pathOf(row));
  } finally {
    await refresh();
  }
}

// In place: Enter renames, Escape and leaving leave it.
function rename(row) {
  const cell = row.querySelector(".files-name > span");
  const path = pathOf(row);
  const field = Object.assign(document.createElement("input"), { className: "form-control", value: nameOf(path) });
  field.setAttribute("aria-label", `New name of ${nameOf(path)}`);
  const back = () => {
    field.removeEventListener("blur", back); // being taken out is leaving, too
    field.replaceWith(cell);
  };
  field.addEventListener("blur", back);
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") {
      back();
      row.querySelector("[data-select]").focus();
    }
    if (event.key === "Enter") finish(path, field, back);
  });
  cell.replaceWith(field);
  field.focus();
  field.setSelectionRange(0, field.value.lastIndexOf(".") > 0 ? field.value.lastIndexOf(".") : field.value.length);
}

async function finish(source, field, back) {
  const destination = joined(folderOf(source), field.value);
  back();
  if (destination === source) return;
  await attempt(async () => {
    await change("move", { source, destination });
    await refresh();
    rows().find((row) => pathOf(row) === destination)?.querySelector("[data-select]").focus();
  });
}

whenEnded(() => folder() && refresh());

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-file-action]");
  if (button) actions[button.dataset.fileAction](chosen(), button);
});
