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

// A new occasion: its card, as it is typed. Each look stands there once; its kind shows one.
const card = document.querySelector("[data-card]");
if (card) {
  const form = document.querySelector("form.new");
  const { first, second, day, day_unknown: isUnknown } = form.elements;
  const language = card.dataset.language === "en" ? "en-MY" : card.dataset.language;
  const dates = new Intl.DateTimeFormat(language, { dateStyle: "full", timeZone: "UTC" });
  const part = (name, className, text) => {
    const element = document.createElement(name);
    element.className = className;
    element.textContent = text;
    return element;
  };
  const show = () => {
    const kind = form.querySelector("[name=kind]:checked")?.dataset;
    if (!kind) return;
    const phone = all("[data-look]", card).find((look) => look.dataset.look === kind.look);
    all("[data-look]", card).forEach((look) => (look.hidden = look !== phone));
    const [one, other] = [first, second].map((field) => field.value.trim()).filter(Boolean);
    const names = phone.querySelector(".names");
    names.classList.toggle("long", Math.max(one?.length ?? 0, other?.length ?? 0) >= 14);
    const pair = other ? [part("span", "joiner", "&"), part("bdi", "", other)] : [];
    names.replaceChildren(part("bdi", "", one ?? "…"), ...pair);
    phone.querySelector(".kicker")?.remove();
    if (kind.kicker) names.before(part("p", "kicker", kind.kicker));
    const isKnown = !isUnknown.checked && day.valueAsDate;
    phone.querySelector(".date").textContent = isKnown ? dates.format(day.valueAsDate) : card.dataset.toFollow;
  };
  form.addEventListener("input", show);
  show();
}
