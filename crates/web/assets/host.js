// What hosts' pages can do better with script. Everything works without it.
// A page is refreshed from itself: news only says that something changed, the server says what it looks like now.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const fill = (pattern, values) => pattern.replace(/{(\w+)}/g, (_, name) => values[name]);
const isTyping = (element) => element.closest("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]");

start();

function start() {
  const first = document.querySelector("[data-focus]");
  if (first) first.focus();
  const named = document.getElementById(location.hash.slice(1));
  if (named?.matches("details")) named.open = true;
  lookAgain();
  all("[data-end]").forEach((part) => (part.scrollTop = part.scrollHeight));
  all("form[data-bulk]").forEach(choose);
  if (document.querySelector("[data-copy], [data-share], [data-print]")) import("./share.js");
  if (document.querySelector("[data-files]")) import("./files.js");
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  if (!document.cookie.split("; ").includes(`kd_zone=${timeZone}`)) import("./zone.js");
  all("form[method=post]").forEach(sendOnce);
  all("form:has([data-in-place])").forEach(sendInPlace);
  all("form[data-preview]").forEach(previewTyped);
  keepTyped();
  all("form:has([data-later])").forEach(sayLater);
  askBeforeLeaving();
  if (document.querySelector("[data-row], [data-search]")) keys();
}

// A form that is sent while it is being sent is sent once.
function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    // What opens beside the page leaves it as it is.
    if (event.submitter?.formTarget) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  addEventListener("pageshow", () => delete form.dataset.sent);
}

// A button that shows the form again (`data-in-place`) does so without leaving the page. So does a picture that is
// pasted or dropped into a text: it is put where the caret is.
function sendInPlace(form) {
  const caretField = () => form.querySelector("[data-caret]");
  const textField = () => form.elements[caretField()?.dataset.caret];
  const send = async (button) => {
    const text = textField();
    if (text) caretField().value = text.selectionStart;
    const before = text && { caret: text.selectionStart, length: text.value.length };
    const body = new FormData(form);
    body.append(button.name, button.value);
    const answer = await fetch(form.action, { method: "POST", body });
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(form.id);
    if (!next) return form.requestSubmit(button);
    form.replaceChildren(...next.childNodes);
    if ("unsaved" in next.dataset) form.dataset.unsaved = "";
    const wrong = form.querySelector("[aria-invalid]");
    const again = form.querySelector(`[name="${button.name}"][value="${button.value}"]`);
    const [now, isMore] = [textField(), before && textField().value.length > before.length];
    (wrong ?? (isMore ? now : again))?.focus();
    if (isMore) now.selectionStart = now.selectionEnd = before.caret + now.value.length - before.length;
  };
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button?.matches("[data-in-place]") || form.dataset.leaves) return;
    event.preventDefault();
    delete form.dataset.sent;
    // A form that cannot be shown in place is sent as without script.
    send(button).catch(() => {
      form.dataset.leaves = "1";
      form.requestSubmit(button);
    });
  });
  const put = (event, files) => {
    const picture = [...(files ?? [])].find((file) => file.type.startsWith("image/"));
    const field = form.elements.text_image;
    if (!picture || !field || event.target !== textField()) return;
    event.preventDefault();
    const chosen = new DataTransfer();
    chosen.items.add(picture);
    field.files = chosen.files;
    send(form.querySelector("[name=act][value=picture]"));
  };
  form.addEventListener("paste", (event) => put(event, event.clipboardData?.files));
  form.addEventListener("drop", (event) => put(event, event.dataTransfer?.files));
}

// Beside a form with `data-preview`, a frame shows what guests would see of what is typed.
function previewTyped(form) {
  const button = form.querySelector("[formtarget]");
  const frame = document.getElementsByName(button.formTarget)[0];
  button.hidden = true;
  let timer;
  let turn = 0;
  const show = async () => {
    const mine = ++turn;
    const body = new FormData(form);
    all("[type=file]", form).forEach((field) => body.delete(field.name));
    const answer = await fetch(button.formAction, { method: "POST", body });
    if (!answer.ok || mine !== turn) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [view, seen] = [frame.contentWindow, frame.contentDocument];
    const place = view.scrollY;
    seen.replaceChild(seen.adoptNode(page.documentElement), seen.documentElement);
    view.scrollTo(0, place);
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => show().catch(() => {}), 400);
  });
}

// A button names the day on which a post is published, where a later one is set.
function sayLater(form) {
  const words = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "long", day: "numeric", month: "long" });
  form.addEventListener("input", (event) => {
    const button = form.querySelector("[data-later]");
    if (event.target.name !== "published_at" || !button) return;
    const day = new Date(event.target.value);
    const isLater = day > new Date();
    button.textContent = isLater ? fill(button.dataset.later, { day: words.format(day) }) : button.dataset.now;
  });
}

// What is typed into a form with `data-keep`, "account/form", stays in this browser until it is saved, its person
// signs out, or a week has gone by.
function keepTyped() {
  const prefix = "typed/";
  const week = 7 * 24 * 60 * 60 * 1000;
  const names = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  const read = (key) => JSON.parse(localStorage.getItem(key) ?? "null");
  names().filter((key) => Date.now() - read(key).at > week).forEach((key) => localStorage.removeItem(key));
  addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") === "/logout") names().forEach((key) => localStorage.removeItem(key));
  });
  const sent = sessionStorage.getItem("sent");
  if (sent && document.querySelector("[data-kept-saved]")) localStorage.removeItem(sent);
  sessionStorage.removeItem("sent");
  const form = document.querySelector("form[data-keep]");
  if (!form) return;
  const key = prefix + form.dataset.keep;
  const fields = () => all("input:not([type=hidden], [type=file], [type=checkbox]), textarea", form);
  const typed = () => Object.fromEntries(fields().map((field) => [field.name, field.value]));
  let timer;
  const keep = () => localStorage.setItem(key, JSON.stringify({ at: Date.now(), typed: typed() }));
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, 500);
  });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (event.submitter?.matches("[data-in-place]")) return;
    keep();
    sessionStorage.setItem("sent", key);
  });
  const offer = document.querySelector("[data-kept-offer]");
  const kept = read(key)?.typed;
  if (!offer || !kept || !fields().some((field) => field.name in kept && kept[field.name] !== field.value)) return;
  offer.hidden = false;
  offer.querySelector("[data-kept-use]").addEventListener("click", () => {
    fields().forEach((field) => (field.value = kept[field.name] ?? field.value));
    offer.hidden = true;
    fields()[0]?.focus();
  });
  offer.querySelector("[data-kept-drop]").addEventListener("click", () => {
    localStorage.removeItem(key);
    offer.hidden = true;
  });
}

// Leaving asks first where a form would be lost: one that is not as the server sent it, or that the server
// refused (`data-unsaved`). The form that is being sent is not lost, and ticks in a list and looks that somebody
// tries on (`data-choices`) are no text.
function askBeforeLeaving() {
  const forms = () => all("main form[method=post]:not([data-bulk], [data-choices]:not([data-unsaved]))");
  let sending;
  addEventListener("submit", (event) => (sending = event.submitter?.formTarget ? undefined : event.target));
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

// Of what no stream tells, the page asks again every `data-again` milliseconds, while somebody sees it, and until
// that mark is gone.
function lookAgain() {
  const live = () => document.querySelector("[data-again]");
  const show = (state) => {
    live().dataset.state = state;
    all("[data-when]", live()).forEach((part) => (part.hidden = part.dataset.when !== state));
  };
  const look = async () => {
    const state = !document.hidden && ((await refresh(new Set())) ? "live" : "waiting");
    if (state && live()) show(state);
    later();
  };
  const later = () => live() && setTimeout(look, Number(live().dataset.again));
  later();
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
  // When somebody goes back to the page, the browser ticks boxes again after this script ran.
  addEventListener("pageshow", show);
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
