// @ts-check
/**
 * Limit: a ws server that sends one message to all its sockets, framed once, again and again, as fast as they
 * take it. Begins when as many sockets as its argument says are connected.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { announce } from './announce.mjs';

const expected = Number(process.argv[2]);
const EVENT = {
  type: 'rbac_decision',
  data: {
    audit_id: '5b0c9a52-6f58-4c53-9a33-0a1f7a0c6f11',
    agent_id: '9b2f4c8e-0d59-4a0e-8a6b-5f0a8f2f7f10',
    agent_name: 'bench-agent',
    agent_role: 'developer',
    operation_type: 'tool_use',
    operation_detail: 'Edit src/orders/orders.service.ts: replace the total by a running sum',
    target_resource: 'src/orders/orders.service.ts',
    decision: 'allowed',
    reason: 'tool Edit is in the allowed list of role developer',
  },
  timestamp: '2025-01-01T00:00:00.000Z',
  seq: 1,
};

/**
 * An unmasked final text frame (RFC 6455, section 5.2) of 126 to 65,535 bytes.
 * @param {string} text
 */
function textFrame(text) {
  const payload = Buffer.from(text);
  const header = Buffer.from([0x81, 126, 0, 0]);
  header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}

/** @param {import('node:net').Socket[]} sockets */
async function broadcastForEver(sockets) {
  const text = JSON.stringify(EVENT);
  for (;;) {
    const frame = textFrame(text);
    const full = sockets.filter((socket) => !socket.write(frame));
    if (full.length > 0) await Promise.all(full.map((socket) => once(socket, 'drain')));
    else await nextTurn();
  }
}

/** @type {import('node:net').Socket[]} */
const sockets = [];
const server = createServer();
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (_client, request) => {
  sockets.push(request.socket);
  if (sockets.length === expected) void broadcastForEver(sockets);
});
server.listen(0, '127.0.0.1', () => announce(server));
