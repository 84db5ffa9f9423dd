import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Authority, Credentials } from './credentials.ts';
import { type CredentialStep, decideCredentials, OVERLAP_MS } from './decide-credentials.ts';

const DAY = 24 * 60 * 60 * 1000;
const NAMES = ['webhook.lattice-system.svc'];

const authority = (name: string, madeAt: number, days = 365): Authority => ({
  certificate: `<${name}>`,
  madeAt,
  expiresAt: madeAt + days * DAY,
});

const held = (authorities: Credentials['authorities'], more: Partial<Credentials['serving']> = {}): Credentials => ({
  authorities,
  signingKey: 'key',
  serving: { certificate: 'c', key: 'k', madeAt: 0, expiresAt: 90 * DAY, names: NAMES, issuer: 0, ...more },
});

const decide = (credentials: Credentials | undefined, now: number, published = '<new><old>'): CredentialStep['kind'] =>
  decideCredentials({ credentials, names: NAMES, published, now }).kind;

test('an empty Secret is filled, and what is fresh is kept', () => {
  assert.equal(decide(undefined, 0), 'begin');
  assert.equal(decide(held([authority('new', 0)]), DAY), 'keep');
});

test('a certificate is renewed a month before its end, when its names change, and when it has ended', () => {
  assert.equal(decide(held([authority('new', 0)]), 59 * DAY), 'keep');
  assert.equal(decide(held([authority('new', 0)]), 61 * DAY), 'renew serving');
  assert.equal(decide(held([authority('new', 0)], { names: ['old.svc'] }), DAY), 'renew serving');
});

test('a new authority signs nothing before everybody has had an hour to trust it', () => {
  const both = held([authority('new', 200 * DAY), authority('old', 0)], { issuer: 1, expiresAt: 290 * DAY });
  assert.equal(decide(held([authority('old', 0)], { expiresAt: 290 * DAY }), 250 * DAY), 'renew authority');
  assert.equal(decide(both, 200 * DAY + OVERLAP_MS - 1), 'keep');
  assert.equal(decide(both, 200 * DAY + OVERLAP_MS, '<old>'), 'keep');
  assert.equal(decide(both, 200 * DAY + OVERLAP_MS), 'renew serving');
});

test('an authority is trusted for an hour after the last certificate of its was replaced', () => {
  const renewed = held([authority('new', 0), authority('old', -100 * DAY)], { madeAt: 10 * DAY, expiresAt: 100 * DAY });
  assert.equal(decide(renewed, 10 * DAY + OVERLAP_MS - 1), 'keep');
  const step = decideCredentials({ credentials: renewed, names: NAMES, published: '', now: 10 * DAY + OVERLAP_MS });
  assert.deepEqual(step, { kind: 'forget', authorities: [authority('new', 0)] });
});

test('when even the authority has ended everything is made anew', () => {
  assert.equal(decide(held([authority('new', 0)]), 366 * DAY), 'begin');
});

test('a server looked after at least every 20 days always shows a valid certificate that the API server trusts', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20 * 24 }), { minLength: 50, maxLength: 400 }), (hours) => {
      let now = 0;
      let published = '';
      let credentials: Credentials | undefined;
      let made = 0;
      for (const pause of [0, ...hours]) {
        now += pause * 60 * 60 * 1000;
        if (credentials) {
          // Before anything is repaired: what was shown all the while.
          assert.ok(credentials.serving.expiresAt > now, 'an expired certificate was shown');
          const issuer = credentials.authorities[credentials.serving.issuer];
          assert.ok(issuer && published.includes(issuer.certificate) && issuer.expiresAt > now, 'it was not trusted');
        }
        for (let steps = 0; ; steps++) {
          const step = decideCredentials({ credentials, names: NAMES, published, now });
          if (step.kind === 'keep') break;
          assert.ok(steps < 4, 'it never settles');
          credentials = after(step, credentials, now, `<${made++}>`);
        }
        assert.ok(credentials);
        published = credentials.authorities.map(({ certificate }) => certificate).join('');
        assert.ok(credentials.authorities.length <= 2);
      }
    }),
    { numRuns: 200 },
  );
});

/** What the keeper writes for a step, without cryptography. */
function after(step: CredentialStep, held: Credentials | undefined, now: number, name: string): Credentials {
  const made = authority(name, now);
  const serving = { certificate: `c${name}`, key: 'k', madeAt: now, names: NAMES, issuer: 0 };
  if (!held || step.kind === 'begin')
    return { authorities: [made], signingKey: name, serving: { ...serving, expiresAt: now + 90 * DAY } };
  const [signing] = held.authorities;
  switch (step.kind) {
    case 'keep':
      return held;
    case 'renew authority':
      return {
        authorities: [made, ...held.authorities],
        signingKey: name,
        serving: { ...held.serving, issuer: held.serving.issuer + 1 },
      };
    case 'renew serving':
      return { ...held, serving: { ...serving, expiresAt: Math.min(now + 90 * DAY, signing.expiresAt) } };
    case 'forget':
      return { ...held, authorities: step.authorities };
  }
}
