// Whether somebody is pressing something just now. Who presses a button that is replaced before it is let go has clicked
// on nothing: the browser finds nobody to tell. So what is shown anew by itself waits until it is let go.
let pressed = null; // the element
const waiting = []; // who waits for its release

export const isPressedWithin = (element) => pressed !== null && element.contains(pressed);

export const released = () => new Promise((go) => (pressed ? waiting.push(go) : go()));

const press = ({ target }) => (pressed = target);

function release() {
  // The click that it was comes right after.
  setTimeout(() => {
    pressed = null;
    for (const go of waiting.splice(0)) go();
  });
}

addEventListener("pointerdown", press, true);
addEventListener("pointerup", release, true);
addEventListener("pointercancel", release, true);
addEventListener("pointermove", ({ buttons }) => pressed && !buttons && release(), true); // let go where we do not see it
addEventListener("keydown", (event) => event.key === " " && press(event), true);
addEventListener("keyup", release, true);
addEventListener("blur", release);
