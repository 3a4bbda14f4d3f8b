"use strict";
// The stream of changes: each kind is an event of the body, by which htmx fetches again what shows it.
// A stream that ends is opened again by the browser. What was missed before it was open is fetched then:
// at first, what has changed since the page was made.
const kinds = ["webhooks", "deliveries", "rules", "braze", "letters", "stack"];
const changes = new EventSource("/changes");
const link = document.getElementById("link");
for (const kind of kinds) {
  changes.addEventListener(kind, () => htmx.trigger(document.body, kind));
}
changes.addEventListener("open", () => {
  link.textContent = "";
  kinds.forEach((kind) => htmx.trigger(document.body, kind));
});
changes.addEventListener("error", () => {
  link.textContent = "The stack does not answer: it has ended, or starts anew.";
});

// Escape puts the explanations of fields away, until one is pointed at or comes into focus. The body
// is never fetched anew, so that they stay away when what is around them is.
document.addEventListener("keydown", (event) => event.key === "Escape" && document.body.classList.add("no-tips"));
for (const kind of ["mouseover", "focusin"]) {
  document.addEventListener(kind, (event) => event.target.closest(".field") && document.body.classList.remove("no-tips"));
}
