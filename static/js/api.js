// Requests to the server, in the name of whoever is signed in. What it refuses is thrown as Refused, with its own sentence.
import { failed, NO_ANSWER, sentenceOf } from "./toasts.js";

export const TOKEN = JSON.parse(document.body.getAttribute("hx-headers")); // against requests of other pages

export class Refused extends Error {
  constructor(status, sentence, said = false) {
    super(sentence);
    this.status = status; // 0: there was no answer
    this.said = said; // by the API itself, and not by whatever stands before it
  }
}

export const refusal = (status, text = "") =>
  new Refused(status, status ? sentenceOf(status, text) : NO_ANSWER, text.startsWith('{"error"'));

export async function request(address, { headers, ...options } = {}) {
  const answer = await fetch(address, { ...options, headers: { ...TOKEN, ...headers } }).catch(() => ({ status: 0 }));
  if (answer.status === 401 || answer.redirected) {
    location.reload(); // to the sign-in page
    throw new Refused(401, "You are signed out");
  }
  if (!answer.ok) throw refusal(answer.status, await answer.text?.());
  return answer;
}

// Does something that may be refused, and says so.
export async function attempt(act) {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    failed(error.message);
  }
}
