// This script is optional: without it, each cell is a link to its line in the table of all numbers.
"use strict";
const card = document.getElementById("card");

function element(tag, text, className) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function lineOf(link) {
  return document.getElementById(link.getAttribute("href").slice(1));
}

function fill(line) {
  const heads = line.closest("table").querySelectorAll("thead th");
  const list = document.createElement("dl");
  line.querySelectorAll("td").forEach((cell, index) => {
    if (cell.textContent) list.append(element("dt", heads[index + 1].textContent), element("dd", cell.textContent));
  });
  card.replaceChildren(element("h5", line.dataset.name), list);
  const runs = line.dataset.runs.split(" ").filter(Boolean).map((number) => document.getElementById("run-" + number));
  if (runs.length) card.append(element("p", "Checkpoints", "card-head"));
  runs.forEach((run) => {
    card.append(element("p", run.dataset.label, "card-run"));
    run.querySelectorAll(".checkpoints code").forEach((code) => card.append(element("code", code.textContent, "card-checkpoint")));
  });
  card.append(element("p", "Reproduce", "card-head"), element("code", line.dataset.command, "card-code"));
}

let current = null;
function show(link) {
  hide();
  current = link;
  fill(lineOf(link));
  card.hidden = false;
  card.scrollTop = 0;
  link.setAttribute("aria-describedby", "card");
  place();
}
// The card is placed below or above its cell, never over it. If it fits on neither side, it scrolls on the larger one.
function place() {
  if (!current) return;
  const box = current.getBoundingClientRect(), gap = 8;
  const above = Math.min(box.top, innerHeight) - 2 * gap, below = innerHeight - Math.max(box.bottom, 0) - 2 * gap;
  const wanted = card.scrollHeight + card.offsetHeight - card.clientHeight, isBelow = wanted <= below || below >= above;
  const height = Math.min(wanted, isBelow ? below : above), width = card.offsetWidth;
  const left = Math.min(Math.max(gap, box.left + box.width / 2 - width / 2), document.documentElement.clientWidth - width - gap);
  card.style.maxHeight = height + "px";
  card.style.left = left + "px";
  card.style.top = (isBelow ? box.bottom + gap : box.top - gap - height) + "px";
}

let closing;
function hideSoon() {
  clearTimeout(closing);
  closing = setTimeout(() => { if (!card.matches(":hover") && !current?.matches(":focus-visible")) hide(); }, 200);
}
function hide() {
  clearTimeout(closing);
  card.hidden = true;
  if (current) current.removeAttribute("aria-describedby");
  current = null;
}
function cellLink(target) {
  return target instanceof Element ? target.closest(".heat td a") : null;
}

// Scrolling moves cells under a resting pointer, so only a moving pointer counts as pointing at a cell.
let pointer = "";
document.addEventListener("mouseover", (event) => {
  const before = pointer;
  pointer = event.screenX + "," + event.screenY;
  if (pointer === before) return;
  const link = cellLink(event.target);
  if (link && link !== current) show(link);
  else if (link) clearTimeout(closing);
  else if (card.contains(event.target)) clearTimeout(closing);
});
document.addEventListener("mouseout", (event) => {
  if (cellLink(event.target) || card.contains(event.target)) hideSoon();
});
document.addEventListener("focusin", (event) => {
  const link = cellLink(event.target);
  if (link && link.matches(":focus-visible")) show(link);
});
document.addEventListener("focusout", hideSoon);
// Moving to a cell by key scrolls the page, so the card must follow.
document.addEventListener("scroll", place, { passive: true, capture: true });

// One Tab stop per table; arrow keys move inside it.
document.querySelectorAll(".heat").forEach((table) => {
  table.querySelectorAll("td a").forEach((link, index) => { if (index) link.tabIndex = -1; });
});
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") return hide();
  if (!card.hidden && /^Page(Up|Down)$/.test(event.key) && card.scrollHeight > card.clientHeight) {
    event.preventDefault();
    return card.scrollBy(0, (event.key === "PageDown" ? 0.9 : -0.9) * card.clientHeight);
  }
  const link = cellLink(event.target), move = MOVES[event.key];
  if (!link || !move || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const cell = link.closest("td"), rows = [...cell.closest("tbody").rows];
  let row = rows.indexOf(cell.parentElement), column = cell.cellIndex, next = null;
  do {
    row += move[0];
    column += move[1];
    next = rows[row] && rows[row].cells[column];
  } while (next && !next.querySelector("a"));
  if (!next) return;
  link.tabIndex = -1;
  next.querySelector("a").tabIndex = 0;
  next.querySelector("a").focus();
});

// A link into a closed fold opens it.
function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
  if (target) target.scrollIntoView({ block: "nearest" });
}
addEventListener("hashchange", openTarget);
openTarget();

// The item browser's filters.
const filters = document.querySelector(".filters");
if (filters) {
  const items = [...document.querySelectorAll(".item")];
  const apply = () => {
    const wanted = Object.fromEntries(new FormData(filters));
    const kept = items.filter((item) => Object.entries(wanted).every(([name, value]) => !value || item.dataset[name] === value));
    items.forEach((item) => { item.hidden = !kept.includes(item); });
    const late = document.querySelector(".late");
    if (late && kept.length < items.length) late.open = true;
    filters.querySelector("output").textContent = kept.length + " of " + items.length + " items";
  };
  filters.hidden = false;
  filters.addEventListener("change", apply);
  apply();
}
