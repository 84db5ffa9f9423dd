import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { makeCredentials } from './certificate.ts';

const now = Date.parse('2026-11-22T00:00:00Z');

test('the server certificate is signed by the authority, for exactly the given hosts', async () => {
  const { ca, certificate, key } = await makeCredentials(['localhost', '127.0.0.1', '::1'], now);
  const authority = new X509Certificate(ca);
  const server = new X509Certificate(certificate);
  assert.ok(authority.ca && !server.ca);
  assert.ok(server.verify(authority.publicKey) && authority.verify(authority.publicKey));
  assert.ok(server.checkIssued(authority));
  assert.ok(server.checkPrivateKey(createPrivateKey(key)));
  assert.equal(server.checkHost('localhost'), 'localhost');
  assert.equal(server.checkIP('127.0.0.1'), '127.0.0.1');
  assert.equal(server.checkIP('::1'), '::1');
  assert.equal(server.checkHost('example.com'), undefined);
  assert.equal(server.checkIP('10.0.0.1'), undefined);
});

test('it is valid from yesterday, for clocks that are behind, and for ten years', async () => {
  const { certificate } = await makeCredentials(['localhost'], now);
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  assert.equal(validFromDate.toISOString(), '2026-11-21T00:00:00.000Z');
  assert.equal(validToDate.toISOString(), '2036-11-19T00:00:00.000Z');
});

test('no two servers share a key or a serial number', async () => {
  const one = new X509Certificate((await makeCredentials(['localhost'], now)).certificate);
  const two = new X509Certificate((await makeCredentials(['localhost'], now)).certificate);
  assert.notEqual(one.serialNumber, two.serialNumber);
  assert.notEqual(one.fingerprint256, two.fingerprint256);
});
