// Brings answers to Flask and says what became of them; tries again while Flask is being replaced.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { refusal, told } from './status.js';

const PAUSES_MS = [100, 300, 1_000, 2_000];

export class Answers {
  #flask;
  #running = new Set();

  constructor(flask) {
    this.#flask = flask;
  }

  // The status of one answer; never fails.
  send(wish, language) {
    const sent = this.#send(wish, language).catch(() => refusal('internal'));
    this.#running.add(sent);
    sent.finally(() => this.#running.delete(sent));
    return sent;
  }

  // Waits for those that are under way.
  async finished(within) {
    await Promise.race([Promise.all(this.#running), pause(within)]);
  }

  async #send(wish, language) {
    if (wish === null || typeof wish !== 'object' || Array.isArray(wish)) return refusal('body_invalid');
    // By its id Flask knows a repeat; what a guest sends without one gets one for our own repeats.
    const body = { submission_id: randomUUID(), ...wish };
    for (const wait of [...PAUSES_MS, null]) {
      const answer = await this.#flask.post('/api/flask/rsvp', body, language);
      if (answer && answer.status < 500) return told(answer.body);
      if (wait === null) break;
      await pause(wait);
    }
    return refusal('busy');
  }
}
