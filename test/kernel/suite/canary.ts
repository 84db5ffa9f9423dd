import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { until } from '../../e2e/until.ts';
import { CANARIES, type CanaryNode, startCanaryNode, whyNoBypass, type Wiring } from '../canary-node.ts';
import type { Lab } from '../lab.ts';

const ALL_PASS = { SameNode: 'Passed', CrossNode: 'Passed', ToNode: 'Passed' } as const;

/** What a node's agent sees of the ways that pods' packets take, on networks that take them past netfilter and do not. */
export function canaryTests(lab: () => Lab): void {
  const on = async (wiring: Wiring, what: (node: CanaryNode) => Promise<void>): Promise<void> => {
    const node = await startCanaryNode(lab(), wiring);
    try {
      await what(node);
    } finally {
      await node.remove();
    }
  };

  suite('the canary of a node', { skip: whyNoBypass() ?? false }, () => {
    test('tells each way that is taken past netfilter from those that are not, and sees it mended', async () => {
      await on({ name: 'n3', pods: 'routed', plugin: 'ptp', host: 71 }, async (node) => {
        const { bypassed } = await node.sees(ALL_PASS);
        assert.deepEqual(bypassed, []);
        // Between trials nothing of it is in the way of packets.
        await until('its table is gone', () =>
          node.run('nft list tables').includes('lattice_canary') ? undefined : true,
        );

        // What a CNI does that hands packets from pod to pod in tc, before the stack of the node.
        node.run(
          `tc qdisc add dev ca clsact; tc filter add dev ca ingress protocol ip u32 match ip dst 10.71.1.${CANARIES.b}/32 action mirred egress redirect dev cb`,
        );
        const same = await node.sees({ ...ALL_PASS, SameNode: 'Bypassed' });
        assert.deepEqual(
          same.bypassed.map(({ class: way, reason, judgedBy }) => [way, reason, judgedBy]),
          [['SameNode', 'SeenBypassed', ['Canary']]],
        );
        assert.match(same.bypassed[0]?.message ?? '', /IPv4 \(such as 10\.71\.1\.2 to 10\.71\.1\.3\)/);
        node.run('tc qdisc del dev ca clsact');
        assert.deepEqual((await node.sees(ALL_PASS)).bypassed, []);

        // What eBPF host routing does: from the pod's interface to the next hop, without the stack; and the same of what comes in.
        const around = [
          ['ca', `ip daddr 10.71.2.2 fwd ip to ${node.far[4]} device eth0`, /hook forward did not see: out, IPv4/],
          ['eth0', 'ip6 daddr fd00:71:1::2 fwd ip6 to ip6 daddr device ca', /hook forward did not see: in, IPv6/],
        ] as const;
        for (const [device, rule, message] of around) {
          node.run(
            `nft add table netdev around; nft "add chain netdev around c { type filter hook ingress device ${device} priority 0; }"; nft "add rule netdev around c ${rule}"`,
          );
          const cross = await node.sees({ ...ALL_PASS, CrossNode: 'Bypassed' });
          assert.match(cross.bypassed[0]?.message ?? '', message);
          node.run('nft delete table netdev around');
          await node.sees(ALL_PASS);
        }

        // No rule sees what comes in by lo: so it is to be seen as bypassed, too.
        node.run(
          `tc qdisc add dev cb clsact; tc filter add dev cb ingress protocol ip u32 match ip dst ${node.here[4]}/32 match ip protocol 17 0xff action mirred ingress redirect dev lo`,
        );
        const own = await node.sees({ ...ALL_PASS, ToNode: 'Bypassed' });
        assert.match(own.bypassed[0]?.message ?? '', /hook input did not see: to the node, IPv4/);

        // A canary that is gone has not seen it mended.
        await node.stopPods();
        const left = await node.sees({ SameNode: 'Unseen', CrossNode: 'Unseen', ToNode: 'Bypassed' });
        assert.equal(left.bypassed.length, 1);
        // Nor has an agent that starts again.
        const again = await node.restartAgent();
        assert.deepEqual(again.bypassed, left.bypassed);
      });
    });

    test('believes the configuration where datagrams do not arrive: dropped is not bypassed', async () => {
      await on({ name: 'n4', pods: 'routed', plugin: 'ptp', host: 81 }, async (node) => {
        node.run(
          'nft add table inet drops; nft "add chain inet drops c { type filter hook prerouting priority -300; }"',
        );
        await node.sees(ALL_PASS);
        node.run('nft "add rule inet drops c udp dport 9811 ip daddr 10.81.0.0/16 drop"');
        const { bypassed, paths } = await node.sees(
          { SameNode: 'Unseen', CrossNode: 'Unseen', ToNode: 'Passed' },
          { SameNode: /between pods, IPv4: 0 of 4 counted; between pods, IPv6: 4 of 4 counted/ },
        );
        assert.deepEqual(bypassed, []);
        assert.equal(paths?.find((path) => path.class === 'SameNode')?.configuration, 'Passes');
        node.run('nft flush chain inet drops c');
        await node.sees(ALL_PASS);

        // What a program drops has been seen by it: only what would have come back from elsewhere has not.
        const rule = { name: 'closed', action: 'deny', protocol: 'UDP', ports: [{ port: 9811 }] } as const;
        const program = { peering: 'canary/drops', generation: 0, disarmed: false, sets: [], rules: [rule] };
        await lab().cluster.load('drops', program);
        await node.sees(
          { SameNode: 'Passed', CrossNode: 'Unseen', ToNode: 'Passed' },
          {
            CrossNode: /out, IPv4: 4 of 4 counted; in, IPv4: 0 of 4 counted/,
            SameNode: /IPv4: 4 of 4 .* IPv6: 4 of 4/,
          },
        );
      });
      await lab().cluster.unload('drops');
    });

    test('sees a bridge that does not call netfilter, whatever the CNI configuration says: no rule holds there', async () => {
      const { cluster } = lab();
      await on({ name: 'n5', pods: 'bridged', plugin: 'some-cni', host: 91 }, async (node) => {
        const calls = (value: 0 | 1): string =>
          node.run(
            `sysctl -qw net.bridge.bridge-nf-call-iptables=${value} net.bridge.bridge-nf-call-ip6tables=${value}`,
          );
        // The datagrams of the canary are not what is denied.
        const rule = { name: 'closed', action: 'deny', protocol: 'TCP', ports: [{ port: 4242 }] } as const;
        const program = { peering: 'canary/bridge', generation: 0, disarmed: false, sets: [], rules: [rule] };
        await cluster.load('bridge', program);
        await until('the node has it loaded', async () =>
          (await cluster.status('n5'))?.programs.some((each) => each.generation !== undefined) ? true : undefined,
        );
        calls(1);
        await node.sees(ALL_PASS);
        assert.equal(node.reaches('a', `10.91.1.${CANARIES.b}`, 4242), false);
        calls(0);
        const both = { SameNode: /between pods, IPv4; between pods, IPv6/ };
        await node.sees({ ...ALL_PASS, SameNode: 'Bypassed' }, both);
        assert.equal(node.reaches('a', `10.91.1.${CANARIES.b}`, 4242), true, 'the deny is loaded, and does not hold');
      });
      await cluster.unload('bridge');
    });
  });
}
