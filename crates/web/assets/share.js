// Copying, sharing and printing, with what the browser has for it.

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  const words = button.querySelector("span") ?? button;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    words.textContent = button.dataset.copied;
  });
}

for (const button of document.querySelectorAll("[data-share]")) {
  if (!navigator.share) break;
  button.hidden = false;
  const { share: url, title, text } = button.dataset;
  // A message has its link in it. Whoever closes the dialogue has shared nothing, which is no error.
  const shared = text ? { title, text } : { title, url };
  button.addEventListener("click", () => navigator.share(shared).then(() => markSent(button), () => {}));
}

for (const way of document.querySelectorAll("a[data-sends]")) {
  way.addEventListener("click", () => markSent(way));
}

// What was handed to another program is marked as sent, as by the button of the form around it. The request
// goes on while that program is in front.
async function markSent(way) {
  const form = way.closest("form");
  if (!form) return;
  const body = new URLSearchParams(new FormData(form));
  body.set("sent", "1");
  if (way.dataset.sends) body.set("channel", way.dataset.sends);
  const answer = await fetch(form.action, { method: "POST", body, keepalive: true });
  if (answer.ok) location.assign(answer.url);
}

for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
