// Asks what archive is to be made, or where one is to be extracted, and has a worker do it: operations.js follows it.
import { question } from "./ask.js";
import { follow } from "./operations.js";
import { change, joined, nameOf, placeOf } from "./volume.js";

const ENDS = /(\.tar)?\.[a-z0-9]+$/i;

async function begin(route, body) {
  follow((await change(route, { ...body, background: true })).operation);
}

// Into an archive in the folder `here`.
export function compress(paths, here) {
  const dialog = document.getElementById("compress");
  const { output_name: name, format } = dialog.querySelector("form").elements;
  const [first, ...others] = paths;
  dialog.querySelector("h2").textContent = others.length ? `Compress ${paths.length} entries` : `Compress ${nameOf(first)}`;
  name.value = nameOf(others.length ? here : first) || "archive";
  question(dialog, () =>
    begin("compress", { output_name: joined(here, placeOf(name.value)), format: format.value, paths }),
  );
  name.select();
}

// Into the folder `here`, or one in it that is called as the archive is.
export function extract(archive_path, here) {
  const dialog = document.getElementById("extract");
  const { where, destination, overwrite } = dialog.querySelector("form").elements;
  dialog.querySelector("h2").textContent = `Extract ${nameOf(archive_path)}`;
  where.value = "folder";
  destination.value = joined(here, nameOf(archive_path).replace(ENDS, ""));
  destination.oninput = () => (where.value = "folder");
  overwrite.checked = false;
  question(dialog, () =>
    begin("decompress", {
      archive_path,
      destination: where.value === "here" ? here : placeOf(destination.value).replace(/\/+$/, ""),
      overwrite: overwrite.checked,
    }),
  );
  destination.select();
}
