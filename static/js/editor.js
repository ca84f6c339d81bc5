// <textarea data-editor="shell"> is edited as code of that language (script/vendored/codemirror.js names them). Its value
// stays right, so forms and htmx see nothing but a textarea; so does whoever has no scripts.
import {
  basicSetup,
  Compartment,
  EditorState,
  EditorView,
  indentWithTab,
  keymap,
  languages,
  oneDark,
} from "../vendor/codemirror/codemirror.js";

const views = new WeakMap();

// The CodeMirror view of a textarea.
const editorOf = (textarea) => views.get(textarea);

// Puts another text into a textarea and its editor.
export function setText(textarea, text) {
  const view = editorOf(textarea);
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
}

export function edit(textarea) {
  if (views.has(textarea)) return;
  const look = new Compartment();
  const view = new EditorView({
    doc: textarea.value,
    extensions: [
      EditorView.cspNonce.of(document.querySelector("link[nonce]").nonce),
      basicSetup,
      keymap.of([indentWithTab]),
      languages[textarea.dataset.editor]?.() ?? [],
      look.of(theme()),
      EditorState.readOnly.of(textarea.readOnly),
      EditorView.lineWrapping,
      EditorView.editorAttributes.of({ class: "editor" }),
      EditorView.contentAttributes.of(attributes(textarea)),
      EditorView.updateListener.of(({ docChanged }) => docChanged && keep(textarea, view)),
    ],
  });
  textarea.before(view.dom);
  textarea.hidden = true;
  views.set(textarea, view);
  for (const label of textarea.labels) label.addEventListener("click", () => view.focus());
  document.addEventListener("themechange", () => view.dispatch({ effects: look.reconfigure(theme()) }));
}

const theme = () => (document.documentElement.dataset.bsTheme === "dark" ? oneDark : []);

function keep(textarea, view) {
  textarea.value = view.state.doc.toString();
  textarea.dispatchEvent(new Event("input", { bubbles: true }));
}

// The editor is called and described as the textarea is.
function attributes(textarea) {
  const found = { "aria-description": "Escape, then Tab, leaves the editor" };
  const [label] = textarea.labels;
  if (label) {
    label.id ||= `${textarea.id}_label`;
    found["aria-labelledby"] = label.id;
  }
  for (const name of ["aria-label", "aria-describedby", "aria-invalid"]) {
    if (textarea.hasAttribute(name)) found[name] = textarea.getAttribute(name);
  }
  return found;
}

const attach = (root) => root.querySelectorAll("textarea[data-editor]").forEach(edit);

attach(document);
document.addEventListener("htmx:load", (event) => attach(event.target.parentNode ?? document));
