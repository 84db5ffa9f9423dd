import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { programScript } from '../../src/fabric/index.ts';
import { run, whyNot } from './network.ts';

// The suite itself takes minutes: `npm run kernel`. Here only what a script of ours must be able to do anywhere.
const reason = whyNot();
const skip =
  reason === undefined ? false : `the real kernel was not asked, neither here nor by npm run kernel: ${reason}`;
const space = `ltks${process.pid}`;
after(() => {
  if (reason === undefined) run(`ip netns del ${space} 2>/dev/null || true`);
});

const program = (members: readonly string[], disarmed = false) => ({
  peering: 'liqo-tenant-rome/rome',
  generation: 1,
  disarmed,
  sets: [
    { name: 'ns.demo', members },
    { name: '1a', members: [] },
  ],
  rules: [
    { name: 'a', source: { set: 'ns.demo' }, destination: { set: '1a' }, action: 'allow' },
    { name: 'b', destination: { cidrs: ['0.0.0.0/0', '::/0'] }, protocol: 'SCTP', action: 'deny' },
    { name: 'c', protocol: 'TCP', ports: [{ port: 1, endPort: 65_535 }], action: 'deny' },
    { name: 'nobody', source: { cidrs: [] }, action: 'allow' },
  ] as const,
});
const load = (script: string): string => run(`ip netns exec ${space} nft -f - <<'END'\n${script}\nEND`);
const listed = (): string => run(`ip netns exec ${space} nft -s list ruleset`);

test('a script loads on an empty node and on a full one, twice as well as once, and touches its own table alone', {
  skip,
}, () => {
  run(`ip netns add ${space}`);
  const script = programScript(program(['10.0.0.1', 'fd00::1', '10.1.0.0/16', '10.1.2.3']));
  load(script);
  const once = listed();
  load(script);
  assert.equal(listed(), once);
  load(programScript(program(['10.9.9.9'])));
  load(script);
  assert.equal(listed(), once, 'whatever was loaded in between');
  load('flush ruleset\ntable ip other {\n chain c {\n type filter hook input priority 0; policy drop;\n }\n}');
  const foreign = listed();
  load(script);
  assert.equal(listed(), foreign + once);
  load(programScript(program([], true)));
  assert.equal(listed(), foreign);
});
