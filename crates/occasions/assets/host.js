// Live: `data-live` names the stream; parts with an id and `data-part` are swapped, rows with `data-row`
// are swapped and marked, rows that are not on this page are only counted.
function listen(live) {
  let source;
  const rows = new Set();
  const unseen = new Set();
  let waiting;
  const show = (state) => {
    live.dataset.state = state;
    all("[data-when]", live).forEach((part) => (part.hidden = part.dataset.when !== state));
  };
  const soon = () => {
    waiting ??= setTimeout(async () => {
      waiting = undefined;
      if (await refresh(rows)) rows.clear();
    }, 1000);
  };
  const heard = (event) => {
    const { invitation, id, what } = JSON.parse(event.data);
    const row = invitation ?? id;
    if (what !== "opened") rows.add(row);
    const isHere = document.querySelector(`[data-row="${CSS.escape(row)}"]`);
    if (event.type === "rsvp" && !isHere) unseen.add(row);
    const pill = document.querySelector("[data-news]");
    if (pill && unseen.size) {
      pill.hidden = false;
      pill.textContent = fill(pill.dataset.news, { n: unseen.size });
    }
    soon();
  };
  const pause = () => {
    source.close();
    show("paused");
  };
  const open = () => {
    source = new EventSource(live.dataset.live);
    source.onopen = () => show("live");
    source.onerror = () => show(source.readyState === EventSource.CLOSED ? "paused" : "waiting");
    ["rsvp", "invitation", "note"].forEach((name) => source.addEventListener(name, heard));
    ["summary", "job", "campaign", "reset"].forEach((name) => source.addEventListener(name, soon));
    source.addEventListener("end", pause);
  };
  open();
  // Too many pages were open, and this one was made quiet: it goes on when somebody looks at it again.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || source.readyState !== EventSource.CLOSED) return;
    open();
    soon();
  });
  addEventListener("pagehide", () => source.close());
}

const live = document.querySelector("[data-live]");
if (live) listen(live);

// A new occasion: the address that its names will give (`hosting/new_occasion.rs`).
const address = document.querySelector("[data-address]");
if (address) {
  const [first, second, slug] = ["first", "second", "slug"].map((id) => document.getElementById(id));
  const show = () => {
    const names = `${first.value} ${second.value}`.normalize("NFKD").toLowerCase();
    const plain = names.replace(/['‘’]|[^\x00-\x7f]/g, "").replace(/[^a-z0-9]+/g, "-");
    const made = plain.replace(/^-|-$/g, "").slice(0, 40);
    address.textContent = !slug.value && made.length > 2 ? ` · /${made}` : "";
  };
  [first, second, slug].forEach((field) => field.addEventListener("input", show));
  show();
}
