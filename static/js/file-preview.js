// A picture as a data: URL, which is all that the site's content policy lets in beside our own files; and of a long text
// its end, LENGTH bytes at a time.
import { attempt } from "./api.js";
import { download } from "./volume.js";

const LENGTH = 64 << 10;
const path = decodeURIComponent(document.querySelector("#files").dataset.path);

async function showPicture(place) {
  const bytes = await (await download(path)).arrayBuffer();
  const reader = new FileReader();
  reader.addEventListener("load", () => {
    const picture = place.querySelector("img");
    picture.src = reader.result;
    picture.hidden = false;
  });
  // As the type that its name promised, and no other.
  reader.readAsDataURL(new Blob([bytes], { type: place.dataset.picture }));
}

function endOf(place) {
  const text = place.querySelector("pre");
  const earlier = place.querySelector("[data-earlier]");
  let begin = Number(place.dataset.endOf);
  let begins = new Uint8Array(); // what stands before the first whole line that is shown

  async function showEarlier() {
    const from = Math.max(begin - LENGTH, 0);
    const bytes = new Uint8Array(await (await download(path, { Range: `bytes=${from}-${begin - 1}` })).arrayBuffer());
    prepend(from, bytes);
  }

  function prepend(from, bytes) {
    const joined = new Uint8Array([...bytes, ...begins]);
    const cut = from > 0 ? joined.indexOf(10) + 1 : 0;
    begins = joined.slice(0, cut);
    begin = from;
    const height = text.scrollHeight;
    text.prepend(new TextDecoder().decode(joined.slice(cut)));
    text.scrollTop += text.scrollHeight - height;
    earlier.disabled = begin === 0;
  }

  async function showLatest() {
    const answer = await download(path, { Range: `bytes=-${LENGTH}` });
    const from = Number(/ (\d+)-/.exec(answer.headers.get("Content-Range"))?.[1] ?? 0);
    text.replaceChildren();
    begins = new Uint8Array();
    prepend(from, new Uint8Array(await answer.arrayBuffer()));
    text.scrollTop = text.scrollHeight;
  }

  earlier.addEventListener("click", () => attempt(showEarlier));
  place.querySelector("[data-latest]").addEventListener("click", () => attempt(showLatest));
  return showLatest();
}

for (const place of document.querySelectorAll("[data-picture]")) await attempt(() => showPicture(place));
for (const place of document.querySelectorAll("[data-end-of]")) await attempt(() => endOf(place));
