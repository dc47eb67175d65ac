// The whole front end: an address means a view, and going from one to another loads no page.
const texts = {
  ms: {
    title: 'Siapa bawa apa?', none: 'Belum ada lauk. Jadilah yang pertama.', add: 'Bawa satu lauk',
    dish: 'Lauk', cook: 'Dibawa oleh', serves: 'Cukup untuk berapa orang?', save: 'Simpan', saving: 'Sedang menyimpan…',
    by: 'oleh {cook}', for: '{serves} orang', back: 'Semua lauk', lost: 'Lauk ini tiada.',
    failed: 'Belum ada yang disimpan. Sila cuba lagi.', unread: 'Senarai tidak dapat dibaca. Sila cuba lagi.', retry: 'Cuba lagi',
  },
  en: {
    title: 'Who brings what?', none: 'No dish yet. Be the first.', add: 'Bring a dish',
    dish: 'Dish', cook: 'Brought by', serves: 'Enough for how many?', save: 'Save', saving: 'Saving…',
    by: 'by {cook}', for: 'serves {serves}', back: 'All dishes', lost: 'There is no such dish.',
    failed: 'Nothing was saved. Please try again.', unread: 'The list cannot be read. Please try again.', retry: 'Try again',
  },
};
const language = navigator.language.startsWith('ms') ? 'ms' : 'en';
const say = (name, values = {}) => texts[language][name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
const page = document.getElementById('page');
document.documentElement.lang = language;

const views = [
  [/^\/$/, showAll],
  [/^\/tambah$/, showForm],
  [/^\/lauk\/(\d+)$/, showOne],
];

addEventListener('popstate', show);
document.addEventListener('click', (event) => {
  const link = event.target.closest('a');
  if (!link || link.origin !== location.origin || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(link.pathname);
});
show();

function go(path) {
  history.pushState(null, '', path);
  show();
  page.focus();
}

async function show() {
  for (const [pattern, view] of views) {
    const found = location.pathname.match(pattern);
    if (!found) continue;
    try {
      return await view(found[1]);
    } catch {
      return put(say('title'), text('p', say('unread')), button(say('retry'), show));
    }
  }
  lost();
}

async function showAll() {
  const { items } = await (await fetch('/api/dishes')).json();
  const list = make('ul', { className: 'dishes' });
  for (const { id, dish, cook, serves } of items) {
    const link = make('a', { href: `/lauk/${id}` });
    link.append(text('b', dish), text('span', say('for', { serves })), text('span', say('by', { cook }), 'quiet'));
    const row = make('li');
    row.append(link);
    list.append(row);
  }
  put(say('title'), items.length ? list : text('p', say('none'), 'quiet'), toForm());
}

async function showOne(id) {
  const answer = await fetch(`/api/dishes/${id}`);
  if (answer.status === 404) return lost();
  const dish = await answer.json();
  put(dish.dish, text('p', `${say('by', dish)}, ${say('for', dish)}`), toAll());
}

function showForm() {
  const form = make('form');
  const fields = { dish: field('dish', {}), cook: field('cook', { autocomplete: 'name' }), serves: field('serves', { type: 'number', min: 1, max: 500, value: 10 }) };
  const complaint = make('p', { className: 'complaint', role: 'status' });
  const save = make('button', { className: 'button', textContent: say('save') });
  form.append(...Object.values(fields), complaint, save);
  // One form, one dish: pressing twice, or trying again, adds no second one.
  const submission_id = Array.from(crypto.getRandomValues(new Uint32Array(4))).join('-');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    complaint.textContent = say('saving');
    const { dish, cook, serves } = Object.fromEntries(new FormData(form));
    try {
      const answer = await fetch('/api/dishes', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ dish, cook, serves: Number(serves), submission_id }),
      });
      if (!answer.ok) throw new Error(answer.statusText);
      go(`/lauk/${(await answer.json()).id}`);
    } catch {
      complaint.textContent = say('failed');
    }
  });
  put(say('add'), form, toAll());
}

function lost() {
  put(say('lost'), toAll());
}

function put(title, ...parts) {
  document.title = `${title} – Gotong-royong`;
  page.replaceChildren(text('h1', title), ...parts);
}

function toForm() {
  const place = make('p');
  place.append(make('a', { href: '/tambah', className: 'button', textContent: say('add') }));
  return place;
}

function toAll() {
  const place = make('p');
  place.append(make('a', { href: '/', textContent: say('back') }));
  return place;
}

function field(name, properties) {
  const label = text('label', say(name));
  label.append(make('input', { name, required: true, maxLength: 80, ...properties }));
  return label;
}

function button(words, press) {
  const made = make('button', { className: 'button', textContent: words, type: 'button' });
  made.addEventListener('click', press);
  return made;
}

const make = (name, properties = {}) => Object.assign(document.createElement(name), properties);
const text = (name, words, className = '') => make(name, { textContent: words, className });
