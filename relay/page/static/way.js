"use strict";
// The time until the next try.
setInterval(() => {
  for (const due of document.querySelectorAll("time[data-until]")) {
    const left = Math.ceil(Number(due.dataset.until) - Date.now() / 1000);
    const words = left > 0 ? `in ${left} s` : "is due";
    if (due.textContent !== words) {
      due.textContent = words;
    }
  }
}, 1000);
