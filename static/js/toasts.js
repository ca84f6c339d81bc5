// Messages that come while the page is open. A failure shows the API's own sentence and stays until it is closed.
// The server says something by the header HX-Trigger: {"toast": "Deleted"}; modules import `toast`.
const MILLISECONDS_SHOWN = 6000;

export function toast(sentence, kind = "success") {
  const shown = document.createElement("div");
  shown.className = `toast-message alert alert-${kind}`;
  const text = document.createElement("span");
  text.textContent = sentence;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn-close";
  close.setAttribute("aria-label", "Close");
  close.addEventListener("click", () => shown.remove());
  shown.append(text, close);
  document.getElementById("toasts").append(shown);
  if (kind !== "danger") setTimeout(() => shown.remove(), MILLISECONDS_SHOWN);
}

export const failed = (sentence) => toast(sentence, "danger");

// What the API says went wrong: {"error": sentence}.
export function sentenceOf(status, body) {
  try {
    return JSON.parse(body).error ?? `The server answered ${status}`;
  } catch {
    return `The server answered ${status}`;
  }
}

export const NO_ANSWER = "The server does not answer";

// It answers again: who said that it does not is no longer right.
export function closeUnanswered() {
  for (const shown of document.querySelectorAll("#toasts > *")) {
    if (shown.textContent.endsWith(NO_ANSWER)) shown.remove();
  }
}

document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => failed(sentenceOf(xhr.status, xhr.responseText)));
document.addEventListener("htmx:sendError", () => failed(NO_ANSWER));
document.addEventListener("htmx:timeout", () => failed(NO_ANSWER));
document.addEventListener("toast", ({ detail }) => toast(detail.value));
