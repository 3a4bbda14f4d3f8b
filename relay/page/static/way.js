"use strict";
// The time until the next try, and Escape, which puts an explanation away until the field is left.
setInterval(() => {
  for (const due of document.querySelectorAll("time[data-until]")) {
    const left = Math.ceil(Number(due.dataset.until) - Date.now() / 1000);
    const words = left > 0 ? `in ${left} s` : "is due";
    if (due.textContent !== words) {
      due.textContent = words;
    }
  }
}, 1000);
const putAway = new Set(); // ids, for what is fetched anew comes without the class
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const field of document.querySelectorAll(".field:hover, .field:focus, .field:has(~ .why:hover)")) {
      putAway.add(field.id);
      field.classList.add("put-away");
    }
  }
});
document.addEventListener("htmx:after:swap", () => {
  for (const id of putAway) {
    document.getElementById(id)?.classList.add("put-away");
  }
});
for (const left of ["focusout", "pointerout"]) {
  document.addEventListener(left, (event) => {
    putAway.delete(event.target.id);
    event.target.classList?.remove("put-away");
  });
}
