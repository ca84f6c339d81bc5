// The console socket of a container (docs/api.md), kept open: dropped, it comes back where it was, so that each byte of
// output comes once.
const RETRY = [500, 1000, 2000, 5000, 10_000]; // milliseconds
const RETRY_WHEN_CROWDED = 5000;
const ALIVE_EVERY = 15_000; // milliseconds; a connection may be dead without anybody being told
const SIGNED_OUT = 4401;
const CROWDED = 4429;
const FINAL = [4400, 4403, 4404];

const bytes = (text) => new TextEncoder().encode(text).length;

// openSocket(container, since, { onMessage, onState })
// since: the cursor from which on output is wanted. onMessage(message): as the server sends it. onState(state, detail):
//   "live"     all that was printed up to now has come; detail: bytes that are no longer kept, in between
//   "lost"     it comes again by itself; detail: the server's reason, if it gave one
//   "ended"    it does not; detail: the reason
export function openSocket(container, since, { onMessage, onState }) {
  let seq = since;
  let socket = null;
  let failures = 0;
  let retry = null;
  let heard = true;
  let missed = null; // of this connection; null until its first output

  function connect() {
    clearTimeout(retry);
    retry = null;
    heard = true;
    missed = null;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/ws/${encodeURIComponent(container)}?since_seq=${seq}`);
    socket.addEventListener("open", () => ask());
    socket.addEventListener("message", hear);
    socket.addEventListener("close", end);
  }

  const send = (message) => socket.send(JSON.stringify(message));
  // Answered with an empty history, after all that came before: so one knows that one is let in, and has everything.
  const ask = () => send({ event: "request_logs", tail: 0 });

  const hear = ({ data }) => take(JSON.parse(data));

  function take(message) {
    heard = true;
    if (message.event === "logs") {
      failures = 0;
      onState("live", missed ?? 0);
      missed = 0;
      return;
    }
    if (message.event === "console") {
      missed ??= Math.max(message.seq - bytes(message.data) - seq, 0);
      seq = message.seq;
    }
    onMessage(message);
  }

  function end({ code, reason }) {
    socket = null;
    if (code === SIGNED_OUT) return location.reload(); // to the sign-in page, and back here
    if (FINAL.includes(code)) {
      clearInterval(pulse);
      return onState("ended", reason);
    }
    const crowded = code === CROWDED;
    const wait = Math.max(RETRY[Math.min(failures, RETRY.length - 1)], crowded ? RETRY_WHEN_CROWDED : 0);
    failures += 1;
    retry = setTimeout(connect, wait);
    onState("lost", crowded ? reason : "");
  }

  function hurry() {
    if (retry && !document.hidden) connect();
  }

  const pulse = setInterval(() => {
    if (socket?.readyState !== WebSocket.OPEN) return;
    if (!heard) return drop();
    heard = false;
    ask();
  }, ALIVE_EVERY);

  // Not waiting for the close of one that may never be answered.
  function drop() {
    leave();
    end({ code: 1006, reason: "" });
  }

  function leave() {
    socket?.removeEventListener("message", hear);
    socket?.removeEventListener("close", end);
    socket?.close();
    socket = null;
  }

  // For good: nothing is told any more.
  function close() {
    clearTimeout(retry);
    clearInterval(pulse);
    retry = null;
    leave();
  }

  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);
  connect();
  return { send, hurry, close };
}
