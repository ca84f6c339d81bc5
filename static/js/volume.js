// The API of the volume whose files the page shows.
import { request } from "./api.js";

const api = document.querySelector("[data-file-manager]").dataset.fileManager;

export const addressOf = (route, query = {}) => `${api}/${route}?${new URLSearchParams(query)}`;

export const joined = (folder, name) => (folder ? `${folder}/${name}` : name);
export const folderOf = (path) => path.slice(0, Math.max(path.lastIndexOf("/"), 0));
export const nameOf = (path) => path.slice(path.lastIndexOf("/") + 1);
// A path as somebody typed it.
export const placeOf = (typed) => typed.trim().replace(/^\/+/, "");

const answered = (route, query, options) => request(addressOf(route, query), options);

export const download = (path, headers = {}) => answered("files/download", { path }, { headers });

export const read = async (path) => (await answered("files/content", { path })).json();

export const operation = async (id) => (await answered(`operations/${id}`)).json();

export const cancel = (id) => answered(`operations/${id}`, {}, { method: "DELETE" });

export async function change(route, body) {
  const headers = { "Content-Type": "application/json" };
  return (await answered(route, {}, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

// A new file of this text; 409 if something of that name is there.
export async function create(path, text = "") {
  const headers = { "Content-Type": "application/octet-stream" };
  await answered("upload", { path, overwrite: false }, { method: "POST", headers, body: new Blob([text]) });
}

// Whether there is a file of this path.
export async function exists(path) {
  try {
    await answered("files/download", { path }, { method: "HEAD" });
    return true;
  } catch (error) {
    if (error.status !== 404) throw error;
    return false;
  }
}

// How many bytes of an upload by this name have come.
export const uploaded = async (path, resume) => (await (await answered("upload", { path, resume })).json()).size;

export const forgetUpload = (path, resume) => answered("upload", { path, resume }, { method: "DELETE" });
