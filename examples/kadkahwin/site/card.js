// The card's only script: counts the days, and sends the answer until it has arrived. Every word it
// says stands in the page. Without it the form still works, as any form does.
import { Outbox } from './outbox.js';

const find = (id) => document.getElementById(id);
const words = JSON.parse(find('words').textContent);
const form = find('form');
const state = find('state');
const send = find('send');
const outbox = new Outbox(find('line'), words);

countDays(find('countdown'));
showSteps();
form.noValidate = true;
const given = new URLSearchParams(location.search);
const code = given.get('code') ?? given.get('kod');
if (code) {
  form.elements.code.value = code;
  find('with-code').open = true;
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (outbox.isBusy) return;
  clear();
  const answer = read();
  const problem = check(answer);
  if (problem) complain(problem, words.problems[problem]);
  else outbox.send(answer);
});
form.addEventListener('input', ({ target }) => {
  const complaint = target.closest('.wrong')?.querySelector('.complaint');
  if (complaint) settle(complaint);
  if (!outbox.isBusy) say('');
});
find('again').addEventListener('click', () => outbox.hurry());
find('change').addEventListener('click', () => {
  find('thanks').hidden = true;
  form.hidden = false;
  form.elements.name.focus();
});

outbox.onState = (name, value) => {
  find('again').hidden = name !== 'waiting';
  const isBusy = name === 'sending' || name === 'waiting' || name === 'offline';
  send.setAttribute('aria-disabled', isBusy);
  form.querySelectorAll('input, textarea').forEach((field) => (field.readOnly = isBusy));
  form.querySelectorAll('[type=radio], [data-step]').forEach((field) => (field.disabled = isBusy));
  if (name === 'saved') {
    fill(value);
    return thank(value, true);
  }
  if (name === 'refused') return refuse(value);
  say(put(words[name], { seconds: value }), name === 'sending' ? '' : 'wait');
};
// What was left unsent by an earlier visit goes first; else what was answered is shown.
const left = outbox.left();
if (left) {
  fill(left);
  outbox.send(left, left.submission_id);
} else if (outbox.saved()) {
  fill(outbox.saved());
  thank(outbox.saved(), false);
}

function read() {
  const fields = Object.fromEntries(new FormData(form));
  delete fields.next;
  for (const name of ['name', 'phone', 'message', 'code']) fields[name] = fields[name].trim();
  return fields.attending === 'yes' ? { ...fields, guests: Number(fields.guests) } : { ...fields, guests: 0 };
}

function check({ name, attending, guests }) {
  if (!name) return 'name';
  if (!attending) return 'attending';
  return attending === 'yes' && !(Number.isInteger(guests) && guests >= 1 && guests <= 20) ? 'guests' : null;
}

function fill(answer) {
  for (const name of ['name', 'phone', 'message', 'code']) form.elements[name].value = answer[name] ?? '';
  form.elements.attending.value = answer.attending;
  if (answer.guests) form.elements.guests.value = answer.guests;
}

function refuse({ code, message, errors }) {
  const sentence = words.problems[code] ?? (message || words.problems.other);
  const aboutCode = ['code_required', 'code_malformed', 'invitation_not_found'].includes(code);
  const named = aboutCode ? 'code' : (errors?.[0]?.pointer ?? '').slice(1);
  if (aboutCode) find('with-code').open = true;
  if (form.elements[named]) complain(named, sentence);
  else say(sentence, 'error');
}

// The sentence stands at its field, and the field is where one goes on typing.
function complain(name, sentence) {
  const place = name === 'attending' ? find('attending') : find(name).closest('.field');
  const field = name === 'attending' ? form.elements.attending[0] : find(name);
  const complaint = document.createElement('p');
  complaint.className = 'complaint';
  complaint.id = `${name}-complaint`;
  complaint.textContent = sentence;
  place.classList.add('wrong');
  field.setAttribute('aria-invalid', 'true');
  const described = field.getAttribute('aria-describedby') ?? '';
  field.setAttribute('aria-describedby', `${complaint.id} ${described}`.trim());
  (name === 'attending' ? place.querySelector('legend') : place.querySelector('label')).after(complaint);
  field.focus();
}

function clear() {
  say('');
  for (const complaint of form.querySelectorAll('.complaint')) settle(complaint);
}

function settle(complaint) {
  const field = form.querySelector(`[aria-describedby~="${complaint.id}"]`);
  const rest = field.getAttribute('aria-describedby').replace(complaint.id, '').trim();
  if (rest) field.setAttribute('aria-describedby', rest);
  else field.removeAttribute('aria-describedby');
  field.removeAttribute('aria-invalid');
  complaint.closest('.wrong').classList.remove('wrong');
  complaint.remove();
}

// A sentence with values in its braces.
function put(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function say(sentence, kind = '') {
  state.className = `state ${kind}`.trim();
  state.textContent = sentence;
}

function thank(answer, isNews) {
  const { yes, no } = words;
  const sentence = answer.attending === 'yes' ? (answer.guests === 1 ? yes.one : yes.other) : no;
  find('answer').textContent = put(answer.code ? `${sentence} ${words.code}` : sentence, answer);
  say('');
  form.hidden = true;
  find('thanks').hidden = false;
  if (isNews) find('thanks-title').focus();
}

function countDays(place) {
  const day = new Date(`${place.dataset.day}T00:00`);
  const days = Math.round((day - new Date().setHours(0, 0, 0, 0)) / 86_400_000);
  if (days < 0) return;
  const { one, other } = words.days;
  place.textContent = days === 0 ? words.today : put(days === 1 ? one : other, { days });
  place.hidden = false;
}

function showSteps() {
  for (const button of form.querySelectorAll('[data-step]')) {
    button.hidden = false;
    button.addEventListener('click', () => {
      const { guests } = form.elements;
      guests.value = Math.min(20, Math.max(1, Number(guests.value) + Number(button.dataset.step)));
      guests.dispatchEvent(new Event('input', { bubbles: true }));
    });
  }
}
