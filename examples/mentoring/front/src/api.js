// The site's JSON interface. Served by the site itself, the front end uses the session's cookie, and sends the value
// that each form of the site has. Served from elsewhere, where cookies do not count, it uses a token that it keeps in
// memory.

/* global API */
export const site = API;
export const isElsewhere = site !== '';

let token = '';

export class Refused extends Error {
  constructor(problem) {
    super(problem.detail ?? 'The site does not answer. Try again in a moment.');
    this.code = problem.code;
    this.errors = problem.errors ?? [];
  }
}

// Any page of people has a form, the sign-in page too.
async function formValue() {
  const page = await (await fetch('/me')).text();
  return new DOMParser().parseFromString(page, 'text/html').querySelector('[name=_csrf]')?.value ?? '';
}

async function call(method, path, body) {
  const headers = { Accept: 'application/json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
    headers['Idempotency-Key'] = crypto.randomUUID();
    if (!isElsewhere) headers['X-CSRF-Token'] = await formValue();
  }
  const response = await fetch(`${site}/api/v1${path}`, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  }).catch(() => undefined);
  const answer = await response?.json().catch(() => ({}));
  if (!response?.ok) throw new Refused(answer ?? {});
  return answer;
}

export const get = (path) => call('GET', path);
export const post = (path, body = {}) => call('POST', path, body);

export async function signIn(email, password) {
  const want = isElsewhere ? { want: 'tokens' } : {};
  const answer = await post('/auth/login', { email, password, ...want });
  token = answer.access_token ?? '';
  // A second factor is asked for by the site's own page.
  const account = isElsewhere ? answer.account : answer;
  if (!account?.email) throw new Refused({ code: 'second_step', detail: 'Sign in on the page of the site.' });
  return account;
}

export async function signOut() {
  await post('/auth/logout');
  token = '';
}
