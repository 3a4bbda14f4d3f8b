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
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const field of document.querySelectorAll(".field:hover, .field:focus, .field:has(~ .why:hover)")) {
      field.classList.add("put-away");
    }
  }
});
for (const left of ["focusout", "pointerout"]) {
  document.addEventListener(left, (event) => event.target.classList?.remove("put-away"));
}
