// An xterm.js in an element, to look at. The page has static/vendor/xterm/xterm.css in its head.
import { FitAddon } from "../vendor/xterm/addon-fit.js";
import { SearchAddon } from "../vendor/xterm/addon-search.js";
import { WebLinksAddon } from "../vendor/xterm/addon-web-links.js";
import { Terminal } from "../vendor/xterm/xterm.js";
import { FOUND, THEMES } from "./terminal_themes.js";

const LINES_KEPT = 10_000;
const CONTROLS = /[\x00-\x1f\x7f-\x9f]+/g;
const AT_LINE_START = /\n(?:\r|\x1b\[[\d;]*m)*$/;

const theme = () => document.documentElement.dataset.bsTheme;

// openTerminal(element, { label, onBehind, onFound, screenReader })
// onBehind(whether, lines): someone has scrolled up, and so many lines came since. onFound({ resultIndex, resultCount }).
// Nothing that it says goes anywhere: a program may ask the terminal something, which would answer as if that were typed.
export function openTerminal(element, { label, onBehind, onFound, screenReader = false }) {
  const terminal = new Terminal({
    allowProposedApi: true, // the marks of the search, and ours
    convertEol: true,
    disableStdin: true,
    fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--tblr-font-monospace"),
    fontSize: 13,
    minimumContrastRatio: 4.5,
    screenReaderMode: screenReader,
    scrollback: LINES_KEPT,
    theme: THEMES[theme()],
  });
  const fit = new FitAddon();
  const search = new SearchAddon();
  terminal.loadAddon(fit);
  terminal.loadAddon(search);
  terminal.loadAddon(new WebLinksAddon());
  terminal.open(element);
  terminal.textarea.setAttribute("aria-label", label);

  let behind = false;
  let unseen = 0;
  terminal.onLineFeed(() => (unseen += 1));
  const look = () => {
    const { viewportY, baseY } = terminal.buffer.active;
    const was = behind;
    behind = viewportY < baseY;
    if (!behind) unseen = 0;
    if (behind || was) onBehind?.(behind, unseen);
  };
  terminal.onRender(look);
  terminal.onWriteParsed(look); // what comes below the screen is not rendered
  if (onFound) search.onDidChangeResults(onFound);
  // Every key is the browser's, so that Tab leads on and Ctrl+C copies, but for those that scroll.
  terminal.attachCustomKeyEventHandler((event) => {
    const scroll = event.type === "keydown" && SCROLLS[event.key];
    if (scroll) {
      scroll(terminal);
      event.preventDefault();
    }
    return false;
  });

  new ResizeObserver(() => element.clientWidth && fit.fit()).observe(element);
  document.addEventListener("themechange", () => (terminal.options.theme = THEMES[theme()]));

  let atLineStart = true;
  function mark(height) {
    const marker = terminal.registerMarker(0);
    const decoration = marker && terminal.registerDecoration({ marker, height, width: terminal.cols });
    decoration?.onRender((line) => line.classList.add("terminal-ours"));
  }

  return {
    terminal,
    write(data) {
      terminal.write(data);
      atLineStart = AT_LINE_START.test(data);
    },
    // A line of ours, on a line of its own whatever was printed before, and with a mark beside it that no output can
    // make. `colour`: one of the terminal's, as SGR numbers them.
    say(sentence, colour) {
      const text = sentence.replace(CONTROLS, " ");
      terminal.write(`\x18\x1b[0m${atLineStart ? "" : "\r\n"}`, () => mark(Math.ceil(text.length / terminal.cols)));
      terminal.write(`\x1b[1;${colour}m${text}\x1b[0m\r\n`);
      atLineStart = true;
    },
    findNext: (text) => search.findNext(text, { decorations: FOUND[theme()] }),
    findPrevious: (text) => search.findPrevious(text, { decorations: FOUND[theme()] }),
    endSearch() {
      search.clearDecorations();
      terminal.clearSelection();
    },
    toBottom: () => terminal.scrollToBottom(),
    set screenReader(on) {
      terminal.options.screenReaderMode = on;
    },
  };
}

const SCROLLS = {
  PageUp: (terminal) => terminal.scrollPages(-1),
  PageDown: (terminal) => terminal.scrollPages(1),
  Home: (terminal) => terminal.scrollToTop(),
  End: (terminal) => terminal.scrollToBottom(),
};
