"use strict";
// A step that asks first is a dialog: it takes the focus, Esc leaves it, and the focus goes back.
let opener = null;
const step = document.getElementById("step");
document.addEventListener("click", (event) => {
  if (event.target.closest("#step .close")) {
    event.target.closest("dialog").close();
  } else if (!event.target.closest("#step")) {
    opener = event.target.closest("button");
  }
});
document.addEventListener("change", (event) => {
  if (event.target.matches(".tick-all")) {
    event.target.closest("table").querySelectorAll("[name=id]").forEach((one) => { one.checked = event.target.checked; });
  }
});
document.body.addEventListener("htmx:after:swap", () => {
  const dialog = step.querySelector("dialog");
  if (dialog && !dialog.open) {
    dialog.addEventListener("close", () => {
      step.replaceChildren();
      const back = opener?.isConnected ? opener : document.getElementById("letters-title");
      back.focus(); // the row of a letter may have gone with its button
    });
    dialog.showModal();
  }
});
