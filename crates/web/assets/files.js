// A form with many files (`data-files`) sends them one after the other, each with a bar. What the server refuses
// is named beside its bar, and the others are kept.

for (const form of document.querySelectorAll("form[data-files]")) {
  let isSending = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isSending) return;
    isSending = true;
    addEventListener("beforeunload", stay);
    const next = await sendAll(form);
    removeEventListener("beforeunload", stay);
    isSending = false;
    delete form.dataset.sent;
    if (next) location.assign(next);
  });
}

function stay(event) {
  event.preventDefault();
}

const fill = (pattern, values) => pattern.replace(/{(\w+)}/g, (_, name) => values[name]);

// Returns the page that follows if every file was taken.
async function sendAll(form) {
  const input = form.elements.file;
  const button = form.querySelector("button");
  const list = form.querySelector("[data-sent]");
  const status = form.querySelector("[role=status]");
  const words = status.dataset;
  const files = [...input.files];
  if (!files.length) {
    status.textContent = words.none;
    input.focus();
    return undefined;
  }
  const rows = files.map((file) => row(file.name));
  list.replaceChildren(...rows.map(({ item }) => item));
  list.hidden = false;
  button.disabled = true;
  let added = 0;
  let next;
  for (const [place, file] of files.entries()) {
    status.textContent = fill(words.sending, { n: place + 1, all: files.length });
    const { bar, told, item } = rows[place];
    const answer = await sendOne(form, file, bar);
    // A file that was taken leads to another page.
    if (answer?.URL.includes("done=")) {
      added += 1;
      next = answer.URL;
      bar.value = 1;
      continue;
    }
    const reason = answer?.querySelector(".complaint")?.textContent ?? `${file.name}: ${words.failed}`;
    told.textContent = reason.trim();
    item.classList.add("wrong");
    bar.remove();
  }
  button.disabled = false;
  if (added === files.length) return next;
  input.value = "";
  status.textContent = added === 1 ? words.one : added ? fill(words.others, { n: added }) : "";
  list.querySelector(".wrong").scrollIntoView({ block: "nearest" });
  status.focus();
  return undefined;
}

function row(name) {
  const make = (element, text, className = "") => Object.assign(document.createElement(element), { textContent: text, className });
  const item = make("li", "");
  const told = make("span", name, "name");
  const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0, ariaLabel: name });
  item.append(told, bar);
  return { item, told, bar };
}

// Returns the page that answers; undefined if the connection broke.
function sendOne(form, file, bar) {
  const body = new FormData(form);
  body.delete("file");
  body.append("file", file);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.responseType = "document";
    request.upload.onprogress = ({ loaded, total }) => (bar.value = loaded / total);
    request.onload = () => resolve(request.response ?? undefined);
    request.onerror = () => resolve(undefined);
    request.send(body);
  });
}
