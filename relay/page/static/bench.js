"use strict";
// The bench: line numbers with their marks, jumps to a line, what is on disk, and what is announced.
const form = document.getElementById("bench");
const text = document.getElementById("text");
const gutter = document.getElementById("gutter");
const count = document.getElementById("count");
const editor = document.getElementById("editor");
let sent = null; // the text that is being saved
let texts = 0; // that were sent to be tried
let shown = 0; // the number of the newest of them of which a result is shown

const isTyped = () => text.value !== text.defaultValue;
const lineStart = (line) => text.value.split("\n").slice(0, line - 1).reduce((at, one) => at + one.length + 1, 0);

function number() {
  const lines = text.value.split("\n").length;
  while (gutter.childElementCount < lines) {
    gutter.append(document.createElement("span"));
  }
  while (gutter.childElementCount > lines) {
    gutter.lastElementChild.remove();
  }
}

function tell() {
  document.getElementById("typed").hidden = !isTyped();
}

function mark() {
  const worst = new Map();
  for (const one of document.querySelectorAll("#remarks li[data-line]")) {
    const line = Number(one.dataset.line);
    worst.set(line, worst.get(line) ?? one.dataset.level);
  }
  for (const one of gutter.querySelectorAll("[class]")) {
    one.removeAttribute("class");
  }
  for (const [line, level] of worst) {
    gutter.children[line - 1]?.setAttribute("class", level);
  }
  text.setAttribute("aria-invalid", String([...worst.values()].includes("error")));
}

function announce() {
  const said = document.querySelector("#result [data-said]")?.dataset.said;
  if (said !== undefined && count.textContent !== said) {
    count.textContent = said;
  }
}

function jump(line, column) {
  const lines = text.value.split("\n");
  const at = lineStart(line);
  text.focus({ preventScroll: true });
  text.setSelectionRange(at + column - 1, at + (lines[line - 1]?.length ?? 0));
  const height = text.scrollHeight / lines.length;
  text.scrollTop = Math.max(0, (line - 1) * height - text.clientHeight / 3);
  text.scrollIntoView({ block: "nearest" });
}

// Take what is on disk; the cursor stays at its line.
function reload() {
  const found = document.getElementById("disk-text");
  const [start, top] = [text.selectionStart, text.scrollTop];
  text.defaultValue = found.value;
  text.value = found.value;
  text.setSelectionRange(start, start);
  text.scrollTop = top;
  document.querySelector("#disk [name=digest]").value = found.dataset.digest;
  number();
  htmx.trigger(form, "renewed");
  htmx.trigger(document.body, "rules");
}

function onDisk() {
  if (document.querySelector("#disk [data-saved]") && sent !== null) {
    text.defaultValue = sent;
    sent = null;
  }
  if (document.getElementById("disk-text") && !isTyped()) {
    reload();
  }
  tell();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-line]");
  if (link) {
    event.preventDefault();
    jump(Number(link.dataset.line), Number(link.dataset.column));
  } else if (event.target.id === "reload") {
    reload();
  }
});

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "s") {
    event.preventDefault();
    document.getElementById("save")?.click();
  }
});
form.addEventListener("submit", (event) => event.preventDefault());

// Each text that is tried has a number, and what is checked that of the text which was tried last:
// what the server says of an older one is not shown over what it has said of a newer one. While one
// is tried the newest waits, so that results come as fast as the server makes them.
document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = event.detail;
  if (ctx.request.action === "/bench/result") {
    texts += 1;
  } else if (ctx.request.action !== "/bench/check") {
    return;
  }
  ctx.number = texts;
  ctx.request.body.set("number", String(texts));
});
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  if (ctx.number < shown) {
    event.preventDefault();
  } else if (ctx.number !== undefined) {
    shown = ctx.number;
  }
});

document.addEventListener("htmx:after:swap", () => {
  announce();
  if (text) {
    mark();
    onDisk();
  }
});

if (text) {
  text.addEventListener("input", number);
  text.addEventListener("input", tell);
  text.addEventListener("scroll", () => { gutter.scrollTop = text.scrollTop; });
  document.getElementById("save").addEventListener("click", () => { sent = text.value; }, true);
  editor.value = localStorage.getItem("editor") ?? editor.value;
  editor.addEventListener("change", () => localStorage.setItem("editor", editor.value));
  window.addEventListener("beforeunload", (event) => isTyped() && event.preventDefault());
  number();
}
