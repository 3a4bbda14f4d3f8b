"use strict";
// The list of webhooks: choosing one beside it, and keys. All that is shown comes from the server.
const sought = document.getElementById("sought");
const list = document.getElementById("list");
const chosen = document.getElementById("chosen");
const keys = document.getElementById("keys");
const letters = document.getElementById("letters");
const rows = () => [...list.querySelectorAll("a[data-number]")];

// A list that was asked for before the choice comes after it, and does not know it.
function markChosen() {
  const number = sought.elements.chosen.value;
  for (const row of rows()) {
    if (row.dataset.number === number) {
      row.setAttribute("aria-current", "true");
    } else {
      row.removeAttribute("aria-current");
    }
  }
}

function choose(number) {
  sought.elements.chosen.value = number;
  markChosen();
  history.replaceState(null, "", `/?chosen=${number}`);
  htmx.ajax("GET", `/webhooks/${number}`, { target: "#chosen", swap: "innerHTML" }).then(() => {
    const isBelow = chosen.getBoundingClientRect().top >= list.getBoundingClientRect().bottom;
    if (isBelow) {
      chosen.scrollIntoView({ block: "start" });
    }
  });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-number]");
  const isPlain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (link && isPlain) {
    event.preventDefault();
    choose(link.dataset.number);
  }
  const turn = event.target.closest("button[data-before]");
  if (turn) {
    sought.elements.before.value = turn.dataset.before;
    htmx.trigger(sought, "turn");
    list.scrollTop = 0;
  }
});

sought.addEventListener("input", () => {
  sought.elements.before.value = "";
});

// Enter opens the first that is found: of what is typed now, whatever is on its way still.
async function openFirst() {
  const query = new URLSearchParams(new FormData(sought));
  await htmx.ajax("GET", `/webhooks?${query}`, { target: "#list", swap: "innerMorph" });
  const [first] = rows();
  if (first) {
    first.focus();
    choose(first.dataset.number);
  }
}

sought.elements.text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.isComposing) {
    event.preventDefault();
    openFirst();
  } else if (event.key === "ArrowDown") {
    event.preventDefault();
    rows()[0]?.focus();
  }
});

function move(steps) {
  const all = rows();
  const at = all.indexOf(document.activeElement);
  const reachable = all.findIndex((row) => row.tabIndex === 0);
  const next = at < 0 ? reachable : Math.min(Math.max(at + steps, 0), all.length - 1);
  all[next]?.focus();
}

const moves = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, Home: -Infinity, End: Infinity };
const isTyping = (one) => one.closest("input, select, textarea, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || keys.open || isTyping(event.target)) {
    return;
  }
  const isLetter = event.key.length === 1;
  if (isLetter && !letters.checked) {
    return;
  }
  if (event.key in moves && (isLetter || list.contains(document.activeElement))) {
    event.preventDefault();
    move(moves[event.key]);
  } else if (event.key === "/") {
    event.preventDefault();
    sought.elements.text.focus();
  } else if (event.key === "?") {
    keys.showModal();
  }
});

document.addEventListener("htmx:after:swap", markChosen);
document.getElementById("show-keys").addEventListener("click", () => keys.showModal());
letters.checked = localStorage.getItem("letters") !== "off";
letters.addEventListener("change", () => {
  localStorage.setItem("letters", letters.checked ? "on" : "off");
});
