// The pages: times to book, one's bookings, and signing in. The address says which is shown.
import { useEffect, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { get, isElsewhere, signIn, signOut, site } from './api.js';
import { Bookings } from './bookings.jsx';
import { Complaint } from './parts.jsx';
import { Times } from './times.jsx';

function SignIn({ onDone }) {
  const [problem, setProblem] = useState();
  const send = async (event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    try {
      onDone(await signIn(form.get('email'), form.get('password')));
    } catch (refused) {
      setProblem(refused);
    }
  };
  return (
    <form onSubmit={send}>
      <Complaint problem={problem} />
      {problem?.code === 'second_step' && <p><a href={`${site}/login`}>Sign in on the page of the site</a></p>}
      <label htmlFor="email">Email address</label>
      <input id="email" name="email" type="email" autoComplete="username" required />
      <label htmlFor="password">Password</label>
      <input id="password" name="password" type="password" autoComplete="current-password" required />
      <button>Sign in</button>
    </form>
  );
}

const titles = { '#times': 'Book a time', '#bookings': 'Your bookings', '#sign-in': 'Sign in' };
const asked = () => (location.hash in titles ? location.hash : '#times');

function App() {
  const [account, setAccount] = useState();
  const [page, setPage] = useState(asked);
  const [told, setTold] = useState('');
  const heading = useRef(null);
  const isFirst = useRef(true);

  useEffect(() => {
    const follow = () => setPage(asked());
    addEventListener('hashchange', follow);
    if (!isElsewhere) get('/me').then(setAccount, () => {});
    return () => removeEventListener('hashchange', follow);
  }, []);
  useEffect(() => {
    document.title = `${titles[page]} – Jalan Mentors`;
    // Who changes the page hears which one it is.
    if (!isFirst.current) heading.current.focus();
    isFirst.current = false;
  }, [page]);

  const go = (where, words = '') => {
    setTold(words);
    location.hash = where;
  };
  const leave = async () => {
    await signOut().catch(() => {});
    setAccount(undefined);
    go('#times');
  };
  const link = (where) => (
    <a href={where} aria-current={page === where ? 'page' : undefined} onClick={() => setTold('')}>{titles[where]}</a>
  );
  return (
    <>
      <header>
        <p>Jalan Mentors</p>
        <nav aria-label="Pages">
          {link('#times')}
          {account ? link('#bookings') : link('#sign-in')}
          {account && <button className="quiet" onClick={leave}>Sign out</button>}
        </nav>
      </header>
      <main>
        <h1 ref={heading} tabIndex={-1}>{titles[page]}</h1>
        <p role="status">{told}</p>
        {page === '#times' && <Times account={account} go={go} />}
        {page === '#bookings' && account && <Bookings go={go} />}
        {((page === '#bookings' && !account) || page === '#sign-in') && (
          <SignIn onDone={(who) => { setAccount(who); go('#times', `You are signed in as ${who.display_name}.`); }} />
        )}
      </main>
    </>
  );
}

createRoot(document.getElementById('app')).render(<App />);
