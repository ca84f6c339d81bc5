// What is to be uploaded: files and folders that are dropped on the list, or picked by <button data-upload>.
import { attempt } from "./api.js";
import { folder, pathOf, refresh } from "./files.js";
import { upload, whenFinished } from "./uploads.js";
import { joined } from "./volume.js";

const begin = (files, folders = []) => attempt(() => upload(files, folders));

whenFinished(() => folder() && refresh());

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-upload]");
  if (button) document.querySelector(`[data-uploads-from=${button.dataset.upload}]`).click();
});

for (const field of document.querySelectorAll("[data-uploads-from]")) {
  field.addEventListener("change", () => {
    const here = pathOf(folder());
    begin(Array.from(field.files, (file) => ({ file, path: joined(here, file.webkitRelativePath || file.name) })));
    field.value = "";
  });
}

const hasFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files");
const over = (event) => hasFiles(event) && event.target.closest?.("[data-folder]");

document.addEventListener("dragover", (event) => {
  if (hasFiles(event)) event.preventDefault(); // beside the list, a browser would open the file
  folder()?.classList.toggle("files-dropping", Boolean(over(event)));
});

document.addEventListener("dragleave", ({ relatedTarget }) => {
  if (!relatedTarget) folder()?.classList.remove("files-dropping");
});

document.addEventListener("drop", async (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  folder()?.classList.remove("files-dropping");
  if (!over(event)) return;
  const here = pathOf(folder());
  // All at once: after the first wait the browser has emptied the list.
  const entries = Array.from(event.dataTransfer.items, (item) => item.webkitGetAsEntry()).filter(Boolean);
  const found = { files: [], folders: [] };
  for (const entry of entries) await walk(entry, here, found);
  begin(found.files, found.folders);
});

async function walk(entry, here, found) {
  const path = joined(here, entry.name);
  if (entry.isFile) {
    found.files.push({ path, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
    return;
  }
  const inside = await all(entry.createReader());
  if (!inside.length) found.folders.push(path);
  for (const each of inside) await walk(each, path, found);
}

// Browsers give a hundred at a time, and none at the end.
async function all(reader) {
  const entries = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return entries;
    entries.push(...some);
  }
}
