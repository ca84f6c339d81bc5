// Whether the Docker engine answers: data-engine-away is the banner that every page has for it, shown while it does not.
// What is known of containers is old then, and no figure of theirs is shown. `lightd:engine` says that it changed.
const banner = document.querySelector("[data-engine-away]");
const time = banner.querySelector("time");

export const engineIsAway = () => !banner.hidden;

// since: when it was lost, in Unix seconds; null: it answers. Says whether that is news.
export function engineIs(since) {
  const isNews = engineIsAway() !== Boolean(since);
  banner.hidden = !since;
  if (since) {
    time.dateTime = new Date(since * 1000).toISOString();
    time.dataset.since = "";
    htmx.trigger(time, "htmx:load");
  }
  if (isNews) document.dispatchEvent(new CustomEvent("lightd:engine"));
  return isNews;
}
