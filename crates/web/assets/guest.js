// What guests' pages can do better with script. Without it everything works, with one page more.
// All words stand in the page; the script only shows, hides, counts and sends.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const fill = (pattern, values) => pattern.replace(/{(\w+)}/g, (_, name) => values[name]);
const day = 24 * 60 * 60 * 1000;
let here = location.pathname;
let fresh; // The version for which this page was opened anew.

function start() {
  tidyAddress();
  const first = document.querySelector("[data-focus]");
  if (first) first.focus();
  if (here.endsWith("/confirmation")) forgetDrafts(here.replace(/confirmation$/, ""));
  all("time[data-here]").forEach(sayHere);
  all("textarea[data-left]").forEach(countLetters);
  all("[data-says]").forEach(sayOf);
  all("[data-zero]").forEach(tick);
  all("[data-events]").forEach(listen);
  if (document.querySelector("[data-copy], [data-share], [data-print]")) import("./share.js");
  if (document.querySelector("[data-zone-hint]")) import("./zone.js");
  all("form").forEach((form) => (form.hasAttribute("data-keep") ? keep(form) : sendOnce(form)));
}

// Says what the number in a field of the form makes: prepared words for 1, 2 and so on.
function sayOf(shown) {
  const field = shown.closest("form").elements[shown.dataset.of];
  const says = JSON.parse(shown.dataset.says);
  const first = shown.textContent;
  const say = () => {
    shown.textContent = says[field.value - 1] ?? first;
    shown.hidden = !shown.textContent;
  };
  field.addEventListener("input", say);
  say();
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
  const language = document.documentElement.lang;
  const weekday = at.toLocaleDateString(language, { weekday: "long" });
  const hour = at.toLocaleTimeString(language, { hour: "numeric", minute: "2-digit" }).replace(/[AP]M$/, (half) => half.toLowerCase());
  const note = document.createElement("span");
  note.className = "small";
  note.textContent = ` (${fill(time.dataset.here, { weekday, hour })})`;
  time.after(note);
}

// Caches in front of the site may keep a page for 90 seconds. So what changed is asked for under an
// address that they do not know; the address bar does not show it. If they know that one too, once
// more when their time is over.
function openAnew(version) {
  if (fresh === String(version)) {
    fresh = null;
    setTimeout(openAnew, 90000, version);
    return;
  }
  const page = new URL(location.href);
  page.searchParams.set("fresh", version);
  location.replace(page);
}

function tidyAddress() {
  const page = new URL(location.href);
  fresh = page.searchParams.get("fresh");
  if (fresh === null) return;
  page.searchParams.delete("fresh");
  history.replaceState(history.state, "", page);
}

// Hours, minutes and seconds to or since an instant, from when on they are shown. They follow the
// server's clock, where the page says what it was and neither the browser nor a cache in front of
// the site had kept the page; days come with the page anew.
function tick(clock) {
  const [load] = performance.getEntriesByType("navigation");
  const age = clock.dataset.now ? Date.now() - clock.dataset.now : 0;
  const isKept = (load && load.transferSize <= load.encodedBodySize) || (age > 0 && age < 120000);
  const ahead = isKept ? 0 : age;
  const [zero, turn] = [+clock.dataset.zero, +clock.dataset.turn];
  // By a clock that is wrong, a kept page is past its turn, and would be so again and again.
  const isPast = Date.now() - ahead >= turn;
  const say = () => {
    const now = Date.now() - ahead;
    if (now >= turn && !isPast) return reload(clock);
    clock.hidden = now < clock.dataset.from;
    const seconds = Math.floor(Math.abs(now - zero) / 1000);
    const parts = [seconds / 3600, (seconds / 60) % 60, seconds % 60];
    clock.textContent = parts.map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
    setTimeout(say, 1000 - (Math.abs(now - zero) % 1000));
  };
  say();
}

// Where there is no reception the page stays as it is, without a clock that would be wrong.
function reload(clock) {
  clock.hidden = true;
  fetch(location.href, { method: "HEAD", cache: "no-store" }).then(
    () => openAnew(clock.dataset.turn),
    () => setTimeout(reload, 60000, clock),
  );
}

// What changed is shown at once. Without the stream the page stays right, but old.
function listen(part) {
  const source = new EventSource(part.dataset.events);
  source.addEventListener("changed", (event) => openAnew(event.lastEventId));
  addEventListener("pagehide", () => source.close());
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
  answerForAll(form, changed);
  count(form, counter);
  form.addEventListener("input", changed);
  closeInTime(form, show);
  sayOpened(form);
  save(form, bar, show, () => {
    clearTimeout(timer);
    forgetDrafts(key.slice(6));
  });
}

// Tells the hosts' side that somebody has the form before their eyes. Programs that preview links run
// no script, and a page that is fetched ahead is not visible.
function sayOpened(form) {
  if (!form.dataset.opened) return;
  if (document.visibilityState === "visible") fetch(form.dataset.opened, { method: "POST", keepalive: true }).catch(() => {});
  else document.addEventListener("visibilitychange", () => sayOpened(form), { once: true });
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
  const told = form.querySelector("[data-places]");
  const table = JSON.parse(told.dataset.places);
  const shown = () => rows.filter((row) => !row.hidden && !row.classList.contains("gone"));
  const offer = () => {
    adding.hidden = !rows.some((row) => row.hidden);
    told.textContent = placesLeft(table, shown());
  };
  rows.forEach((row) => {
    const back = row.querySelector("[data-take-back]");
    const words = back.textContent;
    row.hidden = !isFilled(row);
    back.hidden = false;
    back.addEventListener("click", () => {
      const gone = row.classList.toggle("gone");
      all("input, select, textarea", row).forEach((control) => (control.disabled = gone));
      back.textContent = gone ? back.dataset.takeBack : words;
      offer();
      changed();
    });
  });
  adding.addEventListener("click", () => {
    const row = rows.find((one) => one.hidden);
    const child = row.querySelector(".child input");
    if (child) child.checked = leavesOnlyChildren(table, shown());
    row.hidden = false;
    row.querySelector(".comes input").checked = true;
    row.querySelector("[type=text]").focus();
    offer();
    changed();
  });
  form.addEventListener("input", offer);
  offer();
}

// The sentence on the places that are left: children take those of children first.
function placesLeft(table, rows) {
  const [children, others] = counted(table, rows);
  return table[Math.max(0, children)][Math.max(0, others)];
}

const leavesOnlyChildren = (table, rows) => {
  const [children, others] = counted(table, rows);
  return children > 0 && others <= 0;
};

// How many places these rows leave for children, and for anybody.
function counted(table, rows) {
  const children = rows.filter((row) => row.querySelector(".child :checked")).length;
  const free = table.length - 1;
  return [free - children, table[0].length - 1 - (rows.length - Math.min(children, free))];
}

// "Everyone is coming" and "None of us can come" fill in the form in place; both can be undone.
function answerForAll(form, changed) {
  const part = form.querySelector("[data-everyone]");
  if (!part) return;
  const undo = part.querySelector("[value=undo]");
  const say = (answer) => all("[data-said]", part).forEach((words) => (words.hidden = words.dataset.said !== answer));
  const groups = all(".person:not([data-new]) .options", form);
  const radios = groups.flatMap((group) => all("input", group));
  let before;
  const answer = (value) => {
    const added = value === "no" ? all("[data-new]:not([hidden], .gone) [data-take-back]", form) : [];
    before = { checked: radios.filter((radio) => radio.checked), added };
    groups.forEach((group) => (group.querySelector(`[value=${value}]:enabled`) || {}).checked = true);
    added.forEach((back) => back.click());
  };
  const takeBack = () => {
    radios.forEach((radio) => (radio.checked = before.checked.includes(radio)));
    before.added.forEach((back) => back.click());
    part.querySelector("button").focus();
    before = null;
  };
  part.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || (button === undo && !before)) return;
    event.preventDefault();
    if (button === undo) takeBack();
    else answer(button.value);
    say(button.value);
    undo.hidden = !before;
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
    if (event.submitter?.name === "press") return;
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
