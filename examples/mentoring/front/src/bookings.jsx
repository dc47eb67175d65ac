// One's bookings and credits.
import { useState } from 'react';
import { isElsewhere, post, site } from './api.js';
import { Complaint, useAnswer, useChange } from './parts.jsx';
import { moment, states } from './words.js';

function Place({ location }) {
  return location.startsWith('https://') ? <a href={location} rel="noreferrer">{location}</a> : <bdi>{location}</bdi>;
}

function Booking({ booking, onChange }) {
  const [isAsked, setAsked] = useState(false);
  const { problem, isBusy, run } = useChange();
  const isActive = booking.state === 'confirmed' || booking.state === 'pending_payment';
  const mayCancel = isActive && (booking.state === 'pending_payment' || new Date(booking.cancel_deadline) >= new Date());
  const cancel = () => run(async () => {
    await post(`/bookings/${booking.id}/cancel`);
    onChange('It is cancelled.');
  });
  const back = booking.order
    ? booking.order.state === 'paid' && 'What you paid is paid back.'
    : booking.credit_kind && 'The credit is given back.';
  return (
    <li>
      <h3>{moment(booking.starts_at)}</h3>
      <p>
        <bdi>{booking.title}</bdi>{booking.provider && <>, with <bdi>{booking.provider}</bdi></>} · <b>{states[booking.state]}</b>
      </p>
      {isActive && booking.location && <p><Place location={booking.location} /></p>}
      {booking.state === 'pending_payment' && <p><a href={`${site}/pay/${booking.order.id}`}>Pay</a></p>}
      <Complaint problem={problem} />
      {isActive && !mayCancel && <p>It is too late to cancel.</p>}
      {mayCancel && isElsewhere && booking.order && <p><a href={`${site}/me/bookings/${booking.id}`}>Cancel on the site</a></p>}
      {mayCancel && !(isElsewhere && booking.order) && !isAsked && (
        <button className="quiet" onClick={() => setAsked(true)}>
          Cancel this booking …<span className="unseen"> {moment(booking.starts_at)}</span>
        </button>
      )}
      {mayCancel && isAsked && (
        <div role="group" aria-label="Cancel this booking?">
          <p>Cancel it? {back} You can do so until {moment(booking.cancel_deadline)}.</p>
          <p className="buttons">
            <button className="danger" disabled={isBusy} onClick={cancel}>Cancel the booking</button>
            <button className="quiet" onClick={() => setAsked(false)}>Keep it</button>
          </p>
        </div>
      )}
    </li>
  );
}

export function Bookings({ go }) {
  const coming = useAnswer('/bookings');
  const past = useAnswer('/bookings?when=past');
  const credits = useAnswer('/me/credits');
  const left = credits.answer?.items
    .filter((lot) => lot.credit_kind === 'session')
    .reduce((all, lot) => all + lot.granted - lot.used, 0);
  const changed = (words) => {
    go('#bookings', words);
    for (const list of [coming, past, credits]) list.again();
  };
  const list = (all) => (
    <ul className="bookings">{all.map((one) => <Booking key={one.id} booking={one} onChange={changed} />)}</ul>
  );
  return (
    <>
      <Complaint problem={coming.problem} />
      {left !== undefined && <p>{left === 1 ? '1 credit' : `${left} credits`} to spend</p>}
      <h2>Coming</h2>
      {coming.answer?.items.length ? list(coming.answer.items) : <p>Nothing is booked yet. <a href="#times">Book a time</a></p>}
      {past.answer?.items.length > 0 && <><h2>Past</h2>{list(past.answer.items)}</>}
    </>
  );
}
