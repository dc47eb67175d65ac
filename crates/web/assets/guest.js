// What guests' pages can do better with script. Without it everything works, with one page more.
// All words stand in the page; the script only shows, hides, counts and sends.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const fill = (pattern, values) => pattern.replace(/{(\w+)}/g, (_, name) => values[name]);
const day = 24 * 60 * 60 * 1000;
let here = location.pathname;

function start() {
  const first = document.querySelector("[data-focus]");
  if (first) first.focus();
  if (here.endsWith("/confirmation")) forgetDrafts(here.replace(/confirmation$/, ""));
  all("time[data-here]").forEach(sayHere);
  all("textarea[data-left]").forEach(countLetters);
  all("form").forEach((form) => (form.hasAttribute("data-keep") ? keep(form) : sendOnce(form)));
}

// A form that is sent while it is being sent is sent once.
function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  addEventListener("pageshow", () => delete form.dataset.sent);
}

// The hour in the guest's own zone, where that is another one.
function sayHere(time) {
  const at = new Date(time.dateTime);
  const [, sign, hours, minutes] = time.dateTime.match(/([+-])(\d\d):(\d\d)$/) || [];
  if (!hours || -at.getTimezoneOffset() === (sign + 1) * (hours * 60 + +minutes)) return;
  const words = at.toLocaleString(document.documentElement.lang, { weekday: "long", hour: "numeric", minute: "2-digit" });
  const note = document.createElement("span");
  note.className = "small";
  note.textContent = ` (${fill(time.dataset.here, { time: words })})`;
  time.after(note);
}

function countLetters(area) {
  const line = area.parentElement.querySelector("[role=status]");
  const count = () => {
    const left = 4000 - [...area.value].length;
    line.hidden = left > 400;
    line.textContent = line.hidden ? "" : fill(area.dataset.left, { n: left });
  };
  area.addEventListener("input", count);
  count();
}

// A form with answers: a draft in the browser, a count, people to add, and saving in place.
function keep(form) {
  const bar = form.querySelector(".save-bar");
  const counter = form.querySelector("[data-count]");
  const key = `draft ${new URL(form.action).pathname}`;
  const asServed = fields(form);
  let timer;

  const show = (state) => {
    all("[data-when]", bar).forEach((part) => (part.hidden = part.dataset.when !== state));
    bar.classList.toggle("failed", state === "failed" || state === "closed");
  };
  const changed = () => {
    count(form, counter);
    show(JSON.stringify(fields(form)) === JSON.stringify(asServed) ? "clean" : "dirty");
    clearTimeout(timer);
    timer = setTimeout(() => storeDraft(key, form, asServed), 300);
  };
  offerDraft(form, key, asServed, changed);
  addPeople(form, changed);
  offerEveryone(form, changed);
  count(form, counter);
  form.addEventListener("input", changed);
  closeInTime(form, show);
  save(form, bar, show, () => {
    clearTimeout(timer);
    forgetDrafts(key.slice(6));
  });
}

// Every field but the key of this one save, in the page's order.
function fields(form) {
  return [...new FormData(form)].filter(([name]) => name !== "submission_id");
}

function count(form, counter) {
  if (!counter) return;
  const people = all(".person:not([data-new])", form).filter((person) => !person.querySelector(".remove :checked"));
  const open = people.filter((person) => all(".options", person).some((group) => !group.querySelector(":checked")));
  counter.textContent = fill(counter.dataset.count, { n: people.length - open.length, total: people.length });
}

function readDraft(key) {
  try {
    const draft = JSON.parse(localStorage.getItem(key));
    return draft && Date.now() - draft.at < day ? draft.fields : null;
  } catch {
    return null;
  }
}

function storeDraft(key, form, asServed) {
  try {
    const now = fields(form);
    if (JSON.stringify(now) === JSON.stringify(asServed)) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify({ at: Date.now(), fields: now }));
  } catch {
    // A browser that keeps nothing still saves.
  }
}

function forgetDrafts(path) {
  try {
    Object.keys(localStorage)
      .filter((key) => key.startsWith(`draft ${path}`))
      .forEach((key) => localStorage.removeItem(key));
  } catch {
    // Nothing was kept.
  }
}

function offerDraft(form, key, asServed, changed) {
  const draft = readDraft(key);
  const banner = form.querySelector("[data-draft]");
  if (!draft || !banner || JSON.stringify(draft) === JSON.stringify(asServed)) return;
  const values = new Map();
  draft.forEach(([name, value]) => values.set(name, [...(values.get(name) || []), value]));
  [...form.elements].forEach((control) => {
    if (!control.name || control.name === "submission_id") return;
    const kept = values.get(control.name) || [];
    if (control.type === "radio" || control.type === "checkbox") control.checked = kept.includes(control.value);
    else if (kept.length) control.value = kept[0];
  });
  banner.hidden = false;
  banner.querySelector("[data-discard]").addEventListener("click", () => {
    forgetDrafts(key.slice(6));
    location.reload();
  });
  changed();
}

const isFilled = (row) => all("[type=text], .comes input", row).some((control) => (control.type === "text" ? control.value : control.checked));

// Empty rows wait behind "Add a person"; one that is taken back can be brought again.
function addPeople(form, changed) {
  const rows = all("[data-new]", form);
  const adding = form.querySelector("[data-add]");
  if (!adding) return;
  const offer = () => (adding.hidden = !rows.some((row) => row.hidden));
  rows.forEach((row) => {
    const back = row.querySelector("[data-take-back]");
    const words = back.textContent;
    row.hidden = !isFilled(row);
    back.hidden = false;
    back.addEventListener("click", () => {
      const gone = row.classList.toggle("gone");
      all("input, select, textarea", row).forEach((control) => (control.disabled = gone));
      back.textContent = gone ? back.dataset.takeBack : words;
      changed();
    });
  });
  adding.addEventListener("click", () => {
    const row = rows.find((one) => one.hidden);
    row.hidden = false;
    row.querySelector(".comes input").checked = true;
    row.querySelector("[type=text]").focus();
    offer();
    changed();
  });
  offer();
}

function offerEveryone(form, changed) {
  const offer = form.querySelector("[data-everyone]");
  if (!offer) return;
  const open = () => all(".person:not([data-new]) .options", form).filter((group) => !group.querySelector(":checked"));
  offer.hidden = open().length < 3;
  offer.querySelector("button").addEventListener("click", (event) => {
    open().forEach((group) => {
      const yes = group.querySelector("[value=yes]:enabled");
      if (yes) yes.checked = true;
    });
    const said = offer.querySelector("[role=status]");
    said.textContent = said.dataset.said;
    event.target.hidden = true;
    changed();
  });
}

function closeInTime(form, show) {
  const left = new Date(form.dataset.closes) - Date.now();
  if (left > 0 && left < day) setTimeout(() => show("closed"), left);
}

// Sends the form and puts the answering page in place of this one. Where that cannot be done, nothing is lost:
// the bar says so, and the same press tries again with the same key.
function save(form, bar, show, saved) {
  const button = bar.querySelector("button");
  const words = button.textContent;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.saving;
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { accept: "text/html" },
      });
      if (answer.status >= 500) throw new Error(answer.statusText);
      const page = await answer.text();
      if (answer.redirected && answer.ok) saved();
      swap(page, answer.url);
    } catch {
      show("failed");
    } finally {
      button.removeAttribute("aria-disabled");
      button.textContent = words;
    }
  });
}

function swap(page, address) {
  const next = new DOMParser().parseFromString(page, "text/html");
  document.title = next.title;
  document.documentElement.className = next.documentElement.className;
  document.body.replaceWith(next.body);
  if (new URL(address).pathname !== here) history.pushState(null, "", address);
  here = location.pathname;
  scrollTo(0, 0);
  start();
}

addEventListener("popstate", () => {
  if (location.pathname !== here) location.reload();
});
start();
