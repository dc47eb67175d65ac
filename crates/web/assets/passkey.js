// Passkeys: signing in with one, proving with one who is signed in, and making one. Where a browser has none, the forms stay hidden.

const decode = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const encode = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const jobs = { "sign-in": signIn, prove, add };

if (window.PublicKeyCredential) document.querySelectorAll("form[data-passkey]").forEach(prepare);

function prepare(form) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const problem = form.querySelector("[data-problem]");
    problem.hidden = true;
    try {
      await jobs[form.dataset.passkey](form);
    } catch (error) {
      // Browsers word their own refusals for developers; people have just seen them.
      problem.textContent = error.detail ?? problem.dataset.problem;
      problem.hidden = false;
    }
  });
}

async function signIn(form) {
  const credential = await sign(await post(form, "/api/v1/auth/passkey/options"));
  const remember = document.querySelector("[name=remember]").checked;
  const answer = await post(form, "/api/v1/auth/passkey/verify", { credential, remember });
  const { restore_token: restore } = answer;
  location.assign(restore ? `/restore/${restore}` : form.dataset.next);
}

async function prove(form) {
  const credential = await sign(await post(form, "/api/v1/auth/sudo/options"));
  form.elements.credential.value = JSON.stringify(credential);
  form.submit();
}

async function sign(options) {
  const allowCredentials = (options.allowCredentials ?? []).map((known) => ({ ...known, id: decode(known.id) }));
  const publicKey = { ...options, challenge: decode(options.challenge), allowCredentials };
  const made = await navigator.credentials.get({ publicKey });
  const { clientDataJSON, authenticatorData, signature } = made.response;
  return { id: made.id, response: all({ clientDataJSON, authenticatorData, signature }) };
}

// Who has to prove first who they are, or to sign in again, comes back to the name that they typed.
const proofs = { sudo_required: "/sudo", unauthenticated: "/login" };

async function add(form) {
  try {
    await make(form);
  } catch (error) {
    const page = proofs[error.code];
    if (!page) throw error;
    const here = `${location.pathname}?${new URLSearchParams({ passkey_name: form.elements.passkey_name.value })}`;
    location.assign(`${page}?${new URLSearchParams({ redirect: here })}`);
  }
}

async function make(form) {
  const options = await post(form, "/api/v1/me/passkeys/options");
  const publicKey = {
    ...options,
    challenge: decode(options.challenge),
    user: { ...options.user, id: decode(options.user.id) },
    excludeCredentials: options.excludeCredentials.map((known) => ({ ...known, id: decode(known.id) })),
  };
  const { response } = await navigator.credentials.create({ publicKey });
  const { clientDataJSON, attestationObject } = response;
  // Password managers may lack the other three. The server then reads the object.
  const known = {
    authenticatorData: response.getAuthenticatorData?.(),
    publicKey: response.getPublicKey?.(),
  };
  const given = Object.fromEntries(Object.entries(known).filter(([, value]) => value));
  const sent = all({ clientDataJSON, attestationObject, ...given });
  const credential = { response: { ...sent, publicKeyAlgorithm: response.getPublicKeyAlgorithm?.() } };
  await post(form, "/api/v1/me/passkeys", { name: form.elements.passkey_name.value, credential });
  location.assign(form.dataset.next);
}

const all = (buffers) => Object.fromEntries(Object.entries(buffers).map(([name, buffer]) => [name, encode(buffer)]));

async function post(form, address, body) {
  const headers = { "x-csrf-token": form.elements._csrf.value };
  if (body) headers["content-type"] = "application/json";
  const response = await fetch(address, { method: "POST", headers, body: body && JSON.stringify(body) });
  const answer = response.status === 204 ? {} : await response.json();
  if (!response.ok) throw answer;
  return answer;
}
