// What hosts' pages can do better with script. Everything works without it.
// A page is refreshed from itself: news only says that something changed, the server says what it looks like now.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const fill = (pattern, values) => pattern.replace(/{(\w+)}/g, (_, name) => values[name]);
const isTyping = (element) => element.closest("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]");

start();

function start() {
  const first = document.querySelector("[data-focus]");
  if (first) first.focus();
  const again = document.querySelector("[data-again]");
  if (again) lookAgain(again);
  all("[data-end]").forEach((part) => (part.scrollTop = part.scrollHeight));
  all("form[data-bulk]").forEach(choose);
  if (document.querySelector("[data-copy], [data-share]")) import("./share.js");
  all("button[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => print());
  });
  all("form[method=post]").forEach(sendOnce);
  askBeforeLeaving();
  if (document.querySelector("[data-row], [data-search]")) keys();
}

// A form that is sent while it is being sent is sent once.
function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  addEventListener("pageshow", () => delete form.dataset.sent);
}

// Leaving asks first where a form would be lost: one that is not as the server sent it, or that the server
// refused (`data-unsaved`). The form that is being sent is not lost, and ticks in a list are no text.
function askBeforeLeaving() {
  const forms = () => all("main form[method=post]:not([data-bulk])");
  let sending;
  addEventListener("submit", (event) => (sending = event.target));
  addEventListener("pageshow", () => (sending = undefined));
  addEventListener("beforeunload", (event) => {
    if (!forms().some((form) => form !== sending && isUnsaved(form))) return;
    event.preventDefault();
    // Who stays can send again.
    setTimeout(() => {
      sending = undefined;
      all("form[method=post]").forEach((form) => delete form.dataset.sent);
    });
  });
  addEventListener("input", (event) => {
    const state = event.target.form?.querySelector("[data-changed]");
    if (state) state.textContent = isUnsaved(event.target.form) ? state.dataset.changed : "";
  });
}

const isUnsaved = (form) => "unsaved" in form.dataset || all("input, select, textarea", form).some(isChanged);

function isChanged(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.type !== "select-one") return field.value !== field.defaultValue;
  const sent = [...field.options].findIndex((option) => option.defaultSelected);
  return field.selectedIndex !== Math.max(sent, 0);
}

// Of what no stream tells, the page asks again every `data-again` milliseconds, while somebody sees it.
function lookAgain(live) {
  const show = (state) => {
    live.dataset.state = state;
    all("[data-when]", live).forEach((part) => (part.hidden = part.dataset.when !== state));
  };
  const look = async () => {
    if (!document.hidden) show((await refresh(new Set())) ? "live" : "waiting");
    setTimeout(look, Number(live.dataset.again));
  };
  setTimeout(look, Number(live.dataset.again));
}

async function refresh(rows) {
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) return false;
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    all("[data-part]").forEach((part) => swap(part, next.getElementById(part.id)));
    rows.forEach((row) => {
      const selector = `[data-row="${CSS.escape(row)}"]`;
      const part = document.querySelector(selector);
      if (part && !part.closest("[data-part]")) swap(part, next.querySelector(selector));
      if (part) mark(selector);
    });
    marked.forEach((selector) => document.querySelector(selector)?.classList.add("fresh"));
    return true;
  } catch {
    return false;
  }
}

// A part in use stays as it is: change does not jump under the pointer or the keyboard, nor under who reads
// lines (`data-end`) further up.
function swap(part, next) {
  if (!next || part.innerHTML === next.innerHTML || part.contains(document.activeElement)) return part;
  if (all("[data-end]", part).some((lines) => lines.scrollTop + lines.clientHeight < lines.scrollHeight - 8)) return part;
  const ticked = all("input:checked", part).map((input) => input.value);
  part.replaceWith(next);
  all("[data-end]", next).forEach((lines) => (lines.scrollTop = lines.scrollHeight));
  all("input[type=checkbox]", next).forEach((input) => (input.checked = ticked.includes(input.value)));
  return next;
}

// A changed row stays marked for a while, also where its part is swapped once more.
const marked = new Set();
function mark(selector) {
  marked.add(selector);
  setTimeout(() => {
    marked.delete(selector);
    document.querySelector(selector)?.classList.remove("fresh");
  }, 8000);
}

// The bulk bar: hidden until something is ticked, and says how much is.
function choose(form) {
  const bar = form.querySelector(".bulk");
  const everything = form.querySelector("[data-all]");
  const boxes = () => all("input[name=ids]", form);
  const chosen = bar.querySelector("[data-chosen]");
  const show = () => {
    const n = boxes().filter((box) => box.checked).length;
    bar.hidden = n === 0;
    chosen.textContent = fill(chosen.dataset.chosen, { n });
    if (everything) {
      everything.checked = n > 0 && n === boxes().length;
      everything.indeterminate = n > 0 && !everything.checked;
    }
  };
  form.addEventListener("change", (event) => {
    if (event.target === everything) boxes().forEach((box) => (box.checked = everything.checked));
    show();
  });
  show();
}

// Keys of lists: / search, j and k move, x tick, ? help. Enter opens by itself, because a link has the focus.
function keys() {
  const help = document.querySelector("[data-keys]");
  const off = help?.querySelector("input");
  if (off) {
    off.checked = localStorage.getItem("keys") !== "off";
    off.addEventListener("change", () => localStorage.setItem("keys", off.checked ? "on" : "off"));
  }
  addEventListener("keydown", (event) => {
    if (localStorage.getItem("keys") === "off" || isTyping(event.target)) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = all("[data-row]");
    const here = rows.findIndex((row) => row.contains(document.activeElement));
    const go = (place) => rows[place]?.querySelector("a")?.focus();
    const deeds = {
      "/": () => document.querySelector("[data-search]")?.focus(),
      j: () => go(here + 1),
      k: () => go(Math.max(here - 1, 0)),
      x: () => rows[here]?.querySelector("input[name=ids]")?.click(),
      "?": () => help && (help.open = !help.open),
    };
    if (!deeds[event.key]) return;
    event.preventDefault();
    deeds[event.key]();
  });
}
