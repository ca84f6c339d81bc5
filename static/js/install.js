// What an installation prints: live from the console's socket while it goes on, as it is kept when it has ended. What
// there is to show says the part above (templates/containers/_installation.html), which live.js asks for again.
import { attempt, request } from "./api.js";
import { openSocket } from "./console/socket.js";
import { openTerminal } from "./terminal.js";

const RED = 31;
const place = document.getElementById("install-output");
const said = document.getElementById("install-said");
const output = place && openTerminal(place, { label: "Output of the installation" });
let shown = ""; // which installation, and whether it goes on
let socket = null;

function follow() {
  const { container, number, state, since: begin, said: words } = document.getElementById("installation").dataset;
  if (said.textContent !== words) said.textContent = words;
  const now = `${number} ${state === "installing"}`;
  if (!output || shown === now) return;
  shown = now;
  socket?.close();
  socket = null;
  if (state !== "installing") return attempt(showKept);
  output.terminal.reset();
  socket = openSocket(container, Number(begin), { onMessage: show, onState: become });
}

function show(message) {
  if (message.event === "console") output.write(message.data);
}

function become(next, reason) {
  if (next === "ended") output.say(`lightd: ${reason || "The connection was closed."}`, RED);
}

async function showKept() {
  const asked = shown;
  const text = await (await request(place.dataset.kept)).text();
  if (shown !== asked) return; // another installation has begun meanwhile
  output.terminal.reset();
  output.write(text || "Nothing was printed.\n");
}

follow();
document.addEventListener("htmx:afterSettle", follow);
