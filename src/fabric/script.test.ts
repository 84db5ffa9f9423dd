import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ruleLines, type SetSpelling } from './rule-lines.ts';
import { memberScript, programScript, swapScripts, uncutScript } from './script.ts';
import { firewallProgram } from './testing/program.ts';

const TABLE = 'lattice_liqo_tenant_rome_rome_8d1b3919f7e63a7b';
const addresses: SetSpelling = { formOf: () => 'addresses', spelling: 'first' };

test('a program is one transaction that replaces its own table alone', () => {
  const program = firewallProgram({
    sets: [{ name: 'offloaded', members: ['10.0.0.2', '10.0.0.1', 'fd00::1', '10.0.0.1'] }],
    rules: [
      { name: 'a', source: { cidrs: ['10.61.0.0/16'] }, destination: { set: 'offloaded' }, action: 'allow' },
      { name: 'b', source: { set: 'offloaded' }, action: 'deny' },
    ],
  });
  assert.equal(
    programScript(program),
    `add table inet ${TABLE}
delete table inet ${TABLE}
table inet ${TABLE} {
  comment "peering liqo-tenant-rome/rome"
  set cut.v4 {
    type ipv4_addr . inet_proto . inet_service . ipv4_addr . inet_service;
    flags timeout;
    timeout 1h;
  }
  set cut.v6 {
    type ipv6_addr . inet_proto . inet_service . ipv6_addr . inet_service;
    flags timeout;
    timeout 1h;
  }
  set offloaded_ip4 {
    type ipv4_addr;
    elements = {
      10.0.0.1,
      10.0.0.2,
    }
  }
  set offloaded_ip6 {
    type ipv6_addr;
    elements = {
      fd00::1,
    }
  }
  chain rules {
    ip saddr . meta l4proto . th sport . ip daddr . th dport @cut.v4 counter drop comment "cut"
    ip6 saddr . meta l4proto . th sport . ip6 daddr . th dport @cut.v6 counter drop comment "cut"
    ct state established,related counter accept comment "allow-established-related"
    ip saddr 10.61.0.0/16 ip daddr @offloaded_ip4 counter accept comment "a"
    ip saddr @offloaded_ip4 counter drop comment "b"
    ip6 saddr @offloaded_ip6 counter drop comment "b"
  }
  chain forward {
    type filter hook forward priority filter + 10; policy accept;
    jump rules
  }
  chain input {
    type filter hook input priority filter + 10; policy accept;
    iifname "lo" accept
    icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept
    jump rules
  }
}
`,
  );
});

test('a disarmed program leaves no table, and needs none to be there', () => {
  assert.equal(
    programScript(firewallProgram({ disarmed: true })),
    `add table inet ${TABLE}\ndelete table inet ${TABLE}\n`,
  );
});

test('the order of members and of ports does not show', () => {
  const of = (members: readonly string[], ports: readonly { port: number; endPort?: number }[]) =>
    programScript(
      firewallProgram({
        sets: [{ name: 's', members }],
        rules: [{ name: 'r', source: { set: 's' }, protocol: 'TCP', ports, action: 'deny' }],
      }),
    );
  assert.equal(
    of(['10.0.0.9', '10.0.0.10', 'fd00::a'], [{ port: 80 }, { port: 443 }]),
    of(['fd00:0::a', '10.0.0.10', '10.0.0.9', '10.0.0.9'], [{ port: 443 }, { port: 80, endPort: 80 }]),
  );
});

test('a rule matches nobody, and never everybody, where a side has no address of a family', () => {
  const deny = (source: readonly string[]) =>
    ruleLines({ name: 'r', source: { cidrs: source }, action: 'deny' }, addresses);
  assert.deepEqual(deny([]), []);
  assert.deepEqual(deny(['fd00::/8']), ['ip6 saddr fd00::/8 counter drop comment "r"']);
  const crossed = {
    name: 'r',
    source: { cidrs: ['10.0.0.0/8'] },
    destination: { cidrs: ['fd00::1'] },
    action: 'allow',
  };
  assert.deepEqual(ruleLines({ ...crossed, action: 'allow' }, addresses), []);
  assert.deepEqual(ruleLines({ name: 'r', action: 'allow' }, addresses), ['counter accept comment "r"']);
});

test('what overlaps is said once: nft refuses to hear it twice', () => {
  const rule = {
    name: 'r',
    source: { cidrs: ['10.1.2.3', '10.0.0.0/8', '10.1.2.3/16', '192.168.0.0/16'] },
    protocol: 'UDP',
    ports: [{ port: 53 }, { port: 50, endPort: 60 }, { port: 61 }, { port: 70 }],
    action: 'allow',
  } as const;
  assert.deepEqual(ruleLines(rule, addresses), [
    'ip saddr 10.0.0.0/8 udp dport 50-61 counter accept comment "r"',
    'ip saddr 10.0.0.0/8 udp dport 70 counter accept comment "r"',
    'ip saddr 192.168.0.0/16 udp dport 50-61 counter accept comment "r"',
    'ip saddr 192.168.0.0/16 udp dport 70 counter accept comment "r"',
  ]);
});

test('a rule with a protocol and no port is about every port of it', () => {
  assert.deepEqual(ruleLines({ name: 'r', protocol: 'SCTP', action: 'deny' }, addresses), [
    'meta l4proto sctp counter drop comment "r"',
  ]);
});

test('no name can end a comment, and a long one is cut', () => {
  const [line] = ruleLines({ name: `a"; drop\n\\${'x'.repeat(300)}`, action: 'allow' }, addresses);
  assert.match(line ?? '', /^counter accept comment "a_; drop__x{1,120}"$/);
});

test('a set that holds a prefix is an interval tree, every other one a hash', () => {
  const script = programScript(
    firewallProgram({ sets: [{ name: 'mixed', members: ['10.0.0.0/8', '10.1.1.1', 'fd00::1'] }] }),
  );
  assert.match(script, /set mixed_net4 \{\n +type ipv4_addr;\n +flags interval;\n +elements = \{\n +10\.0\.0\.0\/8,\n/);
  assert.doesNotMatch(script, /mixed_ip/);
});

test('sets whose names nft cannot write get one that no other set has', () => {
  const script = programScript(firewallProgram({ sets: ['1a', '1.a', 'ns-x'].map((name) => ({ name, members: [] })) }));
  const names = [...script.matchAll(/^ {2}set (\S+_ip4) /gm)].map((match) => match[1]);
  assert.equal(new Set(names).size, 3);
  for (const name of names) assert.match(name ?? '', /^[a-zA-Z][-\w.]*$/);
});

test('members change by their own number of elements, and going twice is no error', () => {
  const script = memberScript(
    'liqo-tenant-rome/rome',
    [{ set: 's', add: ['10.0.0.1'], delete: ['fd00::1'] }],
    'second',
  );
  assert.equal(
    script,
    `add element inet ${TABLE} s_ip4_b { 10.0.0.1 }
add element inet ${TABLE} s_ip6_b { fd00::1 }
delete element inet ${TABLE} s_ip6_b { fd00::1 }
`,
  );
});

test('a swap leaves the hooks alone and gives new sets other names than the old ones', () => {
  const program = firewallProgram({ sets: [{ name: 's', members: ['10.0.0.1'] }] });
  const [script = '', ...more] = swapScripts(program, 'second', ['s_ip4', 's_ip6'], []);
  assert.deepEqual(more, []);
  assert.doesNotMatch(script, /hook|delete table|flush set inet \S+ s_/);
  assert.match(script, /^flush chain inet \S+ rules$/m);
  assert.match(script, /add set inet \S+ s_ip4_b/);
  assert.match(script, /delete set inet \S+ s_ip4\n/);
});

test('an interval tree is filled in a transaction of its own, before rules read it', () => {
  const program = firewallProgram({
    sets: [{ name: 's', members: ['10.0.0.0/8'] }],
    rules: [{ name: 'r', source: { set: 's' }, action: 'deny' }],
  });
  const [first = '', second = '', ...more] = swapScripts(program, 'second', ['s_net4'], []);
  assert.deepEqual(more, []);
  assert.match(first, /^add set inet \S+ s_net4_b .*\nadd element inet \S+ s_net4_b \{ 10\.0\.0\.0\/8 \}\n/);
  assert.doesNotMatch(first, /rule|flush|delete/);
  assert.match(second, /add rule inet \S+ rules ip saddr @s_net4_b counter drop/);
  assert.doesNotMatch(second, /add set|add element/);
});

test('a rule over very many ranges is written with sets of them', () => {
  const cidrs = Array.from({ length: 20 }, (_, index) => `10.${2 * index}.0.0/16`);
  const rule = { name: 'r', source: { cidrs }, destination: { cidrs }, action: 'deny' } as const;
  assert.equal(ruleLines(rule, addresses).length, 1);
  assert.equal(ruleLines({ ...rule, destination: { cidrs: ['fd00::/8', '10.0.0.1'] } }, addresses).length, 20);
});

test('a connection that the kernel has let go by itself can still be let go', () => {
  const cut = {
    family: 4,
    protocol: 'tcp',
    source: '10.0.0.1',
    sourcePort: 1,
    destination: '10.0.0.2',
    destinationPort: 2,
  };
  const [first, second] = uncutScript('a/b', [{ ...cut, family: 4 }]).split('\n');
  assert.match(first ?? '', /^add element .* \{ 10\.0\.0\.1 \. tcp \. 1 \. 10\.0\.0\.2 \. 2 \}$/);
  assert.match(second ?? '', /^delete element /);
});
