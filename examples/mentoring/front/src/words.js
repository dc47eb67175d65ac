// How times and sums read.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
const clock = new Intl.DateTimeFormat('en', { hour: 'numeric', minute: '2-digit' });

export const zoneName = zone.split('/').at(-1).replaceAll('_', ' ');
// Choices come as short names, such as `career-talk`.
export const choiceName = (code) => code[0].toUpperCase() + code.slice(1).replaceAll('-', ' ');
export const dayOf = (at) => day.format(new Date(at));
export const timeOf = (at) => clock.format(new Date(at));
export const moment = (at) => `${dayOf(at)}, ${timeOf(at)}`;
export const minutes = (slot) => `${(new Date(slot.ends_at) - new Date(slot.starts_at)) / 60_000} minutes`;

// Sums come in the smallest unit of their currency, which has as many digits as the browser says.
export function sum(minor, currency) {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'narrowSymbol' });
  return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

export function price(slot) {
  if (slot.credit_kind) return '1 credit';
  return slot.price_minor ? sum(slot.price_minor, slot.currency) : 'Free';
}

export const states = {
  pending_payment: 'Not paid yet',
  confirmed: 'Confirmed',
  expired: 'Not paid in time',
  cancelled: 'Cancelled',
  completed: 'Over',
  no_show_member: 'You did not come',
  no_show_provider: 'The mentor did not come',
};
