import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { makeCredentials } from './certificate.ts';
import { listen } from './listen.ts';

test('closing ends a connection whose handshake is not over', { timeout: 60_000 }, async () => {
  const credentials = await makeCredentials(['127.0.0.1'], Date.now());
  const listening = await listen('127.0.0.1', 0, credentials, () => assert.fail('nobody asks'));
  const socket = connect(listening.port, listening.host);
  // It may be told by a reset.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const ended = new Promise((resolve) => socket.resume().once('close', resolve));
  // The server is in this process, and has taken the connection by then.
  await new Promise(setImmediate);
  await listening.close();
  await ended;
});
