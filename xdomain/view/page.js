"use strict";
// Everything that a model or a data set wrote reaches the page through textContent, so it stays text.
const filters = document.getElementById("filters");
const rows = document.getElementById("rows");
const state = document.getElementById("status");
const previous = document.getElementById("previous"), next = document.getElementById("next");
let first = 0, asked = 0;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function fill(name, values, empty) {
  const select = filters.elements[name];
  for (const value of [empty, ...values]) {
    const option = element("option", value);
    option.value = value === empty ? "" : value;
    select.append(option);
  }
}

function line(list, name, text) {
  list.append(element("dt", name), text === null ? element("dd", "not available", "none") : element("dd", text));
}

function card(row) {
  const article = element("article");
  const head = element("p");
  const score = row.score === null || row.score === 0 || row.score === 1 ? "" : ` (${row.score.toFixed(2)})`;
  head.append(element("strong", row.outcome + score, row.outcome), element("span", row.reason), element("span", row.domain));
  head.append(element("span", row.checkpoint), element("span", `item ${row.item}`), element("span", `sample ${row.sample}`));
  if (row.step) head.append(element("span", `step ${row.step}`), element("span", row.reward === null ? "no reward" : `reward ${row.reward}`));
  if (row.completion_tokens !== null) head.append(element("span", `${row.completion_tokens} tokens, ${row.finish_reason}`));
  const list = element("dl");
  if (row.prompt !== null) line(list, "prompt", row.prompt);
  else line(list, "question", row.question);
  line(list, "completion", row.completion);
  line(list, "extracted", row.answer);
  line(list, "gold", row.gold);
  article.append(head, list);
  return article;
}

async function load() {
  const number = ++asked;
  const query = new URLSearchParams(new FormData(filters));
  if (query.get("change") && !(query.get("checkpoint") && query.get("against"))) {
    state.textContent = "Choose a checkpoint and the one that it is compared with.";
    return;
  }
  query.set("first", first);
  const reply = await fetch("rows?" + query);
  if (number !== asked) return;
  if (!reply.ok) { state.textContent = await reply.text(); return; }
  const found = await reply.json();
  if (number !== asked) return;
  rows.replaceChildren(...found.rows.map(card));
  const last = first + found.rows.length;
  state.textContent = found.total ? `${(first + 1).toLocaleString()} to ${last.toLocaleString()} of ${found.total.toLocaleString()} answers` : "No answer passes the filters.";
  previous.disabled = first === 0;
  next.disabled = last >= found.total;
  state.dataset.loaded = number;
}

let waiting;
function changed() { first = 0; clearTimeout(waiting); waiting = setTimeout(load, 120); }
for (const kind of ["input", "change"]) filters.addEventListener(kind, changed);
filters.addEventListener("submit", (event) => event.preventDefault());
previous.addEventListener("click", () => { first = Math.max(first - 200, 0); load().then(() => scrollTo(0, 0)); });
next.addEventListener("click", () => { first += 200; load().then(() => scrollTo(0, 0)); });

fetch("choices").then((reply) => reply.json()).then((choices) => {
  document.getElementById("experiment").textContent = choices.experiment;
  document.title = `Answers of ${choices.experiment}`;
  fill("domain", choices.domain, "all");
  fill("checkpoint", choices.checkpoint, "all");
  fill("outcome", choices.outcome, "all");
  fill("change", choices.change, "any");
  fill("against", choices.checkpoint, "–");
  return load();
});
