// Copying and sharing a link, with what the browser has for it.

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
  const { share: url, title } = button.dataset;
  // Whoever closes the dialogue has shared nothing, which is no error.
  button.addEventListener("click", () => navigator.share({ title, url }).catch(() => {}));
}
