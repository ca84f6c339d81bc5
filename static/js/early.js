// A button that is pressed before the scripts are there, on a slow line or a busy machine, does nothing yet: the press is
// kept, the last one of several, and done once they are. Has to be there before any button, so it is no module.
(() => {
  let pressed = null;

  function keep(event) {
    const button = event.target.closest("button");
    if (!button || button.popoverTargetElement) return; // that the browser opens by itself
    event.preventDefault();
    event.stopImmediatePropagation();
    pressed = button;
  }

  addEventListener("click", keep, true);
  // Modules and what is deferred have run by now; htmx is the one that waits for this event too, and so is awaited.
  addEventListener("DOMContentLoaded", () =>
    setTimeout(() => {
      removeEventListener("click", keep, true);
      if (pressed?.isConnected) pressed.click();
    }),
  );
})();
