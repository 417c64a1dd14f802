// What decides about the server: restarts, handshake, binary, failures.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findBinary, type Place } from '../../src/server/binary';
import { failureOf, inWords } from '../../src/server/failure';
import { handshake } from '../../src/server/handshake';
import { Restarts } from '../../src/server/restarts';

test('a server that dies is started three times in five minutes, ever later', () => {
  const restarts = new Restarts();
  const waits = [0, 1_000, 2_000, 3_000].map((now) => restarts.next(now));
  assert.deepEqual(waits, [500, 2_000, 8_000, undefined]);
  assert.equal(restarts.next(5 * 60_000 + 10), 8_000, 'the oldest is forgotten after five minutes');
  restarts.forget();
  assert.equal(restarts.next(5 * 60_000 + 20), 500);
});

test('a server of ours is understood', () => {
  const result = {
    serverInfo: { name: 'agentls', version: '1.2.3' },
    capabilities: { experimental: { agentls: { protocolVersion: 1, methods: ['session/new'] } } },
  };
  const announced = handshake(result);
  assert.ok(typeof announced !== 'string');
  assert.equal(announced.version, '1.2.3');
  assert.ok(announced.methods.has('session/new'));
});

test('another program, or another protocol, is named', () => {
  assert.match(String(handshake({ serverInfo: { name: 'gopls' }, capabilities: {} })), /not agentls.*gopls/);
  assert.match(String(handshake(undefined)), /not agentls/);
  const newer = {
    serverInfo: { version: '9' },
    capabilities: { experimental: { agentls: { protocolVersion: 2, methods: [] } } },
  };
  assert.match(String(handshake(newer)), /agentls 9 speaks version 2.*version 1\. Update/);
});

test('the binary is the configured one, else ours, else on the path', () => {
  const place = (there: string[], configured = ''): Place => ({
    configured,
    extensionPath: '/ext',
    searchPath: '/a:/b',
    platform: 'linux',
    exists: (path) => there.includes(path),
  });
  assert.equal(findBinary(place(['/ext/server/agentls', '/b/agentls'])), '/ext/server/agentls');
  assert.equal(findBinary(place(['/b/agentls'])), '/b/agentls');
  assert.equal(findBinary(place(['/x', '/b/agentls'], '/x')), '/x');
  assert.equal(findBinary(place(['/b/agentls'], '/gone')), undefined, 'a wrong setting is not passed over');
  assert.equal(findBinary(place([])), undefined);
});

test('a failure keeps its kind and its cure', () => {
  const error = Object.assign(new Error('no key'), {
    code: -32803,
    data: { kind: 'providerAuth', cure: 'Set it.', retryable: false },
  });
  const failure = failureOf(error);
  assert.deepEqual(failure, { kind: 'providerAuth', message: 'no key', cure: 'Set it.', retryable: false });
  assert.equal(inWords(failure), 'no key Set it.');
  assert.equal(failureOf('gone').message, 'gone');
  assert.equal(failureOf(undefined).kind, 'unknown');
});
