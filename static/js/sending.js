// One file on its way: {path, file, sent, end}. When the connection breaks it waits until there is one again. Of a large
// one the server keeps what has come, and it goes on from there; also in another visit, if the same file is dropped at the
// same place again. `told` of all that: {advanced(one), broken(one), back(one, offset)}.
import { refusal, Refused, TOKEN } from "./api.js";
import { addressOf, exists, forgetUpload, uploaded } from "./volume.js";

// Bytes from which on what has come is kept, and it is asked first whether the file is there: they are not sent in vain.
const LARGE = 8 << 20;

const PAUSES = [1, 2, 5, 10]; // seconds until the next attempt; the last one again and again
const SILENT = 30_000; // milliseconds without any progress, after which a connection counts as broken

// No answer, one too late, and those of a proxy whose server restarts.
const BROKEN = new Set([0, 408, 502, 503, 504]);
// So often in a row said by the API itself, it is shown: what it cannot do now will not be better in a minute.
const SAID = 4;

export const CANCELLED = new Error("cancelled");

// What names the file beside its path; crypto.subtle, to name it by its content, is not there without TLS.
const keyOf = ({ file }) => `${file.size}-${file.lastModified}`;
const isLarge = ({ file }) => file.size >= LARGE;

export async function send(one, overwrite, told) {
  for (let failures = 0; !one.end.signal.aborted; ) {
    const before = one.sent;
    try {
      return await attempt(one, overwrite, told);
    } catch (error) {
      if (one.end.signal.aborted) break;
      if (error.status === 429) await pause(one, error.wait);
      else if (BROKEN.has(error.status)) {
        await refuseUnreadable(one.file);
        failures = one.sent > before ? 1 : failures + 1;
        if (error.said && failures >= SAID) throw error;
        told.broken(one);
        await pause(one, PAUSES[Math.min(failures, PAUSES.length) - 1]);
      } else throw error;
    }
  }
  if (isLarge(one)) await forgetUpload(one.path, keyOf(one)).catch(() => null); // what cannot be deleted says what it is
  throw CANCELLED;
}

async function attempt(one, overwrite, told) {
  if (!isLarge(one)) return post(one, { overwrite }, 0, told);
  if (!overwrite && (await exists(one.path))) throw refusal(409);
  const resume = keyOf(one);
  const offset = Math.min(await uploaded(one.path, resume), one.file.size);
  return post(one, { overwrite, resume, offset }, offset, told);
}

function post(one, query, offset, told) {
  const request = new XMLHttpRequest(); // fetch tells nothing of how far it is
  request.open("POST", addressOf("upload", { path: one.path, ...query }));
  for (const [name, value] of Object.entries(TOKEN)) request.setRequestHeader(name, value);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  const abort = () => request.abort();
  let silence = setTimeout(abort, SILENT);
  request.upload.addEventListener("progress", () => told.back(one, offset), { once: true });
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    clearTimeout(silence);
    if (loaded < total) silence = setTimeout(abort, SILENT); // afterwards the disk may take its time
    one.sent = offset + loaded;
    told.advanced(one);
  });
  one.end.signal.addEventListener("abort", abort);
  return new Promise((resolve, reject) => {
    request.addEventListener("load", () => (request.status === 200 ? resolve() : reject(refused(request))));
    request.addEventListener("error", () => reject(refusal(0)));
    request.addEventListener("abort", () => reject(refusal(0)));
    request.addEventListener("loadend", () => {
      clearTimeout(silence);
      one.end.signal.removeEventListener("abort", abort);
    });
    request.send(one.file.slice(offset));
  });
}

function refused(request) {
  const wait = Number(request.getResponseHeader("Retry-After")) || PAUSES[0]; // not every proxy says it, or in seconds
  return Object.assign(refusal(request.status, request.responseText), { wait });
}

// To a request a file that cannot be read any more is the same as a connection that breaks.
async function refuseUnreadable(file) {
  await file
    .slice(0, 1)
    .arrayBuffer()
    .catch(() => {
      throw new Refused(0, "The file was changed or removed on this computer meanwhile");
    });
}

// Until the time is over, the browser has a connection again, or it is cancelled.
function pause({ end }, seconds) {
  return new Promise((resolve) => {
    const over = new AbortController();
    const done = () => {
      clearTimeout(timer);
      over.abort();
      resolve();
    };
    const timer = setTimeout(done, seconds * 1000);
    addEventListener("online", done, { signal: over.signal });
    end.signal.addEventListener("abort", done, { signal: over.signal });
  });
}
