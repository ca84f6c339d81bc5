// What static/js/editor.js needs of CodeMirror 6, bundled into one module by script/vendor.
export { basicSetup } from "codemirror";
export { Compartment, EditorState } from "@codemirror/state";
export { EditorView, keymap } from "@codemirror/view";
export { indentWithTab } from "@codemirror/commands";
export { oneDark } from "@codemirror/theme-one-dark";

import { StreamLanguage } from "@codemirror/language";
import { css } from "@codemirror/lang-css";
import { html } from "@codemirror/lang-html";
import { javascript } from "@codemirror/lang-javascript";
import { json } from "@codemirror/lang-json";
import { markdown } from "@codemirror/lang-markdown";
import { python } from "@codemirror/lang-python";
import { xml } from "@codemirror/lang-xml";
import { yaml } from "@codemirror/lang-yaml";
import { dockerFile } from "@codemirror/legacy-modes/mode/dockerfile";
import { lua } from "@codemirror/legacy-modes/mode/lua";
import { properties } from "@codemirror/legacy-modes/mode/properties";
import { shell } from "@codemirror/legacy-modes/mode/shell";
import { toml } from "@codemirror/legacy-modes/mode/toml";

const stream = (mode) => () => StreamLanguage.define(mode);

export const languages = {
  css,
  dockerfile: stream(dockerFile),
  html,
  javascript,
  json,
  lua: stream(lua),
  markdown,
  properties: stream(properties),
  python,
  shell: stream(shell),
  toml: stream(toml),
  xml,
  yaml,
};
