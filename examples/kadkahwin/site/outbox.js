// Sends an answer until it has arrived: over Socket.IO while that is connected, else by a request.
// It keeps the answer and its id on the device until somebody has said what became of it, so that a
// repeat is the same submission, also after the page was closed.

const PAUSES_S = [1, 2, 4, 8, 15];
const PATIENCE_MS = 8_000;
// What says “not now”; every other refusal is final.
const PASSING = ['busy', 'store_busy', 'rate_limited', 'internal', 'idempotency_in_progress'];

export class Outbox {
  #socket;
  #words;
  #line;
  #hurry;
  isBusy = false;
  onState = () => {};

  constructor(line, words) {
    this.#words = words;
    this.#line = line;
    // Not there when the server of the script is down; requests do as well.
    if (globalThis.io) this.#connect();
    addEventListener('online', () => this.hurry());
  }

  // An answer that was not sent yet, with its id; or nothing.
  left = () => recall('left');
  // What was saved last; or nothing.
  saved = () => recall('saved');

  // Tries at once, if it is waiting.
  hurry() {
    this.#hurry?.();
  }

  async send(answer, submission_id = newId()) {
    this.isBusy = true;
    const submission = { ...answer, submission_id };
    keep('left', submission);
    for (let failures = 0; ; failures += 1) {
      this.onState('sending');
      const status = navigator.onLine ? await this.#try(submission) : null;
      if (status && !PASSING.includes(status.code)) {
        this.isBusy = false;
        keep('left', null);
        if (!status.ok) return this.onState('refused', status);
        // Whoever answers again changes the answer that stands: the code says whose it is.
        const saved = { ...answer, code: status.invite_code ?? answer.code };
        keep('saved', saved);
        return this.onState('saved', saved);
      }
      await this.#pause(PAUSES_S[Math.min(failures, PAUSES_S.length - 1)]);
    }
  }

  // What became of it, or null when nobody said.
  #try(submission) {
    return this.#socket?.connected ? this.#emit(submission) : post(submission);
  }

  async #emit(submission) {
    const socket = this.#socket;
    let leave;
    const heard = await new Promise((resolve) => {
      leave = () => resolve(null);
      socket.once('rsvp-status', resolve);
      socket.once('disconnect', leave);
      setTimeout(leave, PATIENCE_MS);
      socket.emit('rsvp', submission);
    });
    socket.off('rsvp-status').off('disconnect', leave);
    // Nothing that comes late may be taken for the answer to what is sent next.
    if (!heard) socket.disconnect().connect();
    return heard;
  }

  async #pause(seconds) {
    const end = Date.now() + seconds * 1000;
    let isOver = false;
    const hurried = new Promise((now) => (this.#hurry = now)).then(() => (isOver = true));
    let shown;
    while (!isOver && (Date.now() < end || !navigator.onLine)) {
      const name = navigator.onLine ? 'waiting' : 'offline';
      if (name !== shown) this.onState((shown = name), seconds);
      await Promise.race([hurried, new Promise((tick) => setTimeout(tick, 250))]);
    }
    this.#hurry = undefined;
  }

  #connect() {
    this.#socket = globalThis.io({ reconnectionDelayMax: 5_000 });
    const show = () => {
      this.#line.hidden = false;
      this.#line.classList.toggle('live', this.#socket.connected);
      this.#line.textContent = this.#socket.connected ? this.#words.live : this.#words.lost;
    };
    for (const event of ['connect', 'disconnect', 'connect_error']) this.#socket.on(event, show);
  }
}

async function post(submission) {
  try {
    const answer = await fetch('/api/flask/rsvp', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify(submission),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const body = await answer.json();
    if (answer.status >= 500) return null;
    return { ...body, ok: answer.ok && body.status === 'ok' };
  } catch {
    return null;
  }
}

// Also where `crypto.randomUUID` is not given: a page that came in the clear.
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

// A device may refuse to keep anything; then the page itself remembers.
const remembered = {};

function keep(name, value) {
  remembered[name] = value;
  try {
    if (value) localStorage.setItem(`kadkahwin-${name}`, JSON.stringify(value));
    else localStorage.removeItem(`kadkahwin-${name}`);
  } catch {}
}

function recall(name) {
  try {
    return remembered[name] ?? JSON.parse(localStorage.getItem(`kadkahwin-${name}`));
  } catch {
    return null;
  }
}
