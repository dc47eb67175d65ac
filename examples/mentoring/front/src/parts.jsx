import { useEffect, useRef, useState } from 'react';
import { get } from './api.js';

// Why the site refused, in its own words.
export function Complaint({ problem }) {
  return <div role="alert">{problem && <p className="problem">{problem.message}</p>}</div>;
}

// What an address answers, `again()` to ask anew, and the problem if it refuses.
export function useAnswer(path) {
  const [round, setRound] = useState(0);
  const [state, setState] = useState({});
  const latest = useRef(0);
  useEffect(() => {
    const mine = (latest.current += 1);
    const show = (next) => mine === latest.current && setState(next);
    get(path).then((answer) => show({ answer }), (problem) => show({ problem }));
  }, [path, round]);
  return { ...state, again: () => setRound((before) => before + 1) };
}

// Runs one change at a time, and keeps the refusal of the last one.
export function useChange() {
  const [problem, setProblem] = useState();
  const [isBusy, setBusy] = useState(false);
  const run = async (change) => {
    if (isBusy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await change();
    } catch (refused) {
      setProblem(refused);
    }
    setBusy(false);
  };
  return { problem, isBusy, run };
}
