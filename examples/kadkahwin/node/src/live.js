// Socket.IO: a guest's `rsvp` is answered with `rsvp-status`, to that guest alone.
import { Server } from 'socket.io';
import { refusal } from './status.js';

// Of one guest, at once.
const MOST_WAITING = 4;

export function live(server, answers) {
  const io = new Server(server, {
    maxHttpBufferSize: 64 * 1024,
    pingInterval: 25_000,
    pingTimeout: 20_000,
  });
  io.on('connection', (socket) => {
    let waiting = 0;
    socket.on('rsvp', async (wish, acknowledge) => {
      if (waiting >= MOST_WAITING) return tell(refusal('rate_limited'));
      waiting += 1;
      tell(await answers.send(wish, socket.handshake.headers['accept-language']));
      waiting -= 1;

      function tell(status) {
        socket.emit('rsvp-status', status);
        if (typeof acknowledge === 'function') acknowledge(status);
      }
    });
  });
  return io;
}
