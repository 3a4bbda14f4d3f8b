"use strict";
// The stream of changes: each kind is an event of the body, by which htmx fetches again what shows it.
// A stream that ends is opened again by the browser; what was missed meanwhile is fetched then.
const kinds = ["webhooks", "deliveries", "rules", "braze", "letters"];
const changes = new EventSource("/changes");
const link = document.getElementById("link");
for (const kind of kinds) {
  changes.addEventListener(kind, () => htmx.trigger(document.body, kind));
}
let wasOpen = false;
changes.addEventListener("open", () => {
  link.textContent = "";
  if (wasOpen) {
    kinds.forEach((kind) => htmx.trigger(document.body, kind));
  }
  wasOpen = true;
});
changes.addEventListener("error", () => {
  link.textContent = "The stack does not answer: it has ended, or starts anew.";
});
