// What a guest hears of an answer, in one shape.

// It was not taken, and why.
export const refusal = (code, message = '') => ({ ok: false, status: 'error', code, message });

// What Flask said of it.
export const told = (said) => ({ ...said, ok: said.status === 'ok' });
