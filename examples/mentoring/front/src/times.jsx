// The free times by day. Choosing one asks what the mentor wants to know; a time with a price leads to the payment.
import { useState } from 'react';
import { get, isElsewhere, post, site } from './api.js';
import { Complaint, useAnswer, useChange } from './parts.jsx';
import { choiceName, dayOf, minutes, price, sum, timeOf, zoneName } from './words.js';

const choices = [
  ['session_types', 'session_type', 'Type of session'],
  ['levels', 'level', 'Level'],
  ['entries', 'entry', 'About'],
];

function Plans() {
  const { answer } = useAnswer('/plans');
  const { problem, isBusy, run } = useChange();
  const buy = (plan) => run(async () => {
    const order = await post('/orders', { plan_code: plan.code });
    location.assign(`/pay/${order.id}`);
  });
  if (isElsewhere) return <p><a href={`${site}/book/plans`}>Buy credits</a></p>;
  return (
    <>
      <Complaint problem={problem} />
      <ul className="plans">
        {answer?.items.map((plan) => (
          <li key={plan.id}>
            <button className="quiet" disabled={isBusy} onClick={() => buy(plan)}>
              Buy {plan.name} for {sum(plan.price_minor, plan.currency)}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function Booking({ slot, account, go, onClose }) {
  const { problem, isBusy, run } = useChange();
  const send = (event) => {
    event.preventDefault();
    const form = Object.fromEntries(new FormData(event.currentTarget));
    for (const [, name] of choices) if (!form[name]) delete form[name];
    return run(async () => {
      const booking = await post('/bookings', { slot_id: slot.id, slot_version: slot.version, ...form });
      if (booking.state === 'pending_payment') location.assign(`/pay/${booking.order.id}`);
      else go('#bookings', 'It is booked. A mail with a calendar file is on its way.');
    });
  };
  if (!account) return <p><a href="#sign-in">Sign in to book</a></p>;
  // A token never moves money: who pays does so on the site itself.
  if (isElsewhere && slot.price_minor > 0) {
    return <p><a href={`${site}/book/${slot.id}`}>Book and pay on the site</a></p>;
  }
  return (
    <form onSubmit={send}>
      <Complaint problem={problem} />
      {['quota_exhausted', 'tier_required'].includes(problem?.code) && <Plans />}
      {choices.map(([set, name, label]) => slot[set]?.length > 1 && (
        <div key={name}>
          <label htmlFor={`${name}-${slot.id}`}>{label}</label>
          <select id={`${name}-${slot.id}`} name={name} required>
            <option value="">Choose</option>
            {slot[set].map((one) => <option key={one} value={one}>{choiceName(one)}</option>)}
          </select>
        </div>
      ))}
      <label htmlFor={`note-${slot.id}`}>A note for the mentor (optional)</label>
      <textarea id={`note-${slot.id}`} name="note" maxLength={2000} />
      {slot.price_minor > 0 && <p>The time is kept for you for some minutes while you pay.</p>}
      <p className="buttons">
        <button disabled={isBusy}>
          {slot.credit_kind ? 'Book with 1 credit' : slot.price_minor ? `Go to payment, ${price(slot)}` : 'Book'}
        </button>
        <button type="button" className="quiet" onClick={onClose}>Not this one</button>
      </p>
    </form>
  );
}

export function Times({ account, go }) {
  const { answer, problem } = useAnswer('/slots?limit=30');
  const [more, setMore] = useState({ items: [] });
  const [chosen, setChosen] = useState('');
  const { problem: later, isBusy, run } = useChange();
  if (problem) return <Complaint problem={problem} />;
  if (!answer) return <p>One moment …</p>;
  const slots = [...answer.items, ...more.items];
  if (!slots.length) return <p>Nothing is free at present.</p>;
  const cursor = 'next_cursor' in more || more.items.length ? more.next_cursor : answer.next_cursor;
  const load = () => run(async () => {
    const next = await get(`/slots?limit=30&cursor=${encodeURIComponent(cursor)}`);
    setMore({ ...next, items: [...more.items, ...next.items] });
  });
  const days = new Map();
  for (const slot of slots) {
    const day = dayOf(slot.starts_at);
    days.set(day, [...(days.get(day) ?? []), slot]);
  }
  return (
    <>
      <p>All times are in {zoneName}.</p>
      {[...days].map(([day, rows]) => (
        <section key={day}>
          <h2>{day}</h2>
          <ul className="rows">
            {rows.map((slot) => (
              <li key={slot.id}>
                <div className="row">
                  <div>
                    <b>{timeOf(slot.starts_at)}</b>
                    <div><bdi>{slot.title}</bdi></div>
                    <div className="small">{minutes(slot)}{slot.provider_name && <>, with <bdi>{slot.provider_name}</bdi></>}</div>
                  </div>
                  <div className="side">
                    {price(slot)}
                    <button className="quiet" aria-expanded={chosen === slot.id} onClick={() => setChosen(slot.id)}>
                      Choose<span className="unseen"> {day}, {timeOf(slot.starts_at)}</span>
                    </button>
                  </div>
                </div>
                {chosen === slot.id && <Booking slot={slot} account={account} go={go} onClose={() => setChosen('')} />}
              </li>
            ))}
          </ul>
        </section>
      ))}
      <Complaint problem={later} />
      {cursor && <button className="quiet" disabled={isBusy} onClick={load}>Later times</button>}
    </>
  );
}
