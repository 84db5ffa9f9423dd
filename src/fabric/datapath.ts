import type { FabricBypass, PathClass } from '../api/index.ts';

/** What a node's network looks like, as far as it can be seen without touching it. */
export interface DatapathEvidence {
  /** Types of the plugins in the CNI configuration that is in force; undefined when there is none to read. */
  readonly plugins: readonly string[] | undefined;
  readonly interfaces: readonly string[];
  /** Interfaces that are bridges. */
  readonly bridges: readonly string[];
  /** net.bridge.bridge-nf-call-{ip,ip6}tables; undefined where br_netfilter is not loaded. */
  readonly bridgeCalls: { readonly 4: string | undefined; readonly 6: string | undefined };
  /** The data of kube-system/cilium-config; undefined when it cannot be read. */
  readonly cilium: Readonly<Record<string, string>> | undefined;
}

/**
 * The ways of packets that no rule of this node sees, because the network does not take them through netfilter. What
 * cannot be seen counts as bypassed: a node must not be called enforced for want of knowledge.
 */
export function judgeDatapath(evidence: DatapathEvidence): readonly FabricBypass[] {
  const { plugins, interfaces } = evidence;
  if (plugins === undefined) return nothingKnown('no CNI configuration is readable: mount /etc/cni/net.d');
  if (plugins.includes('cilium-cni') || interfaces.includes('cilium_host')) return judgeCilium(evidence.cilium);
  if (interfaces.includes('bpfin.cali')) {
    return bypasses(
      ['CrossNode', 'SameNode'],
      'CalicoEbpf',
      "Calico's eBPF data plane forwards past netfilter: set bpfEnabled: false in its FelixConfiguration",
    );
  }
  return judgeBridges(evidence);
}

/** What is said of a network that cannot be seen. */
export function nothingKnown(message: string): readonly FabricBypass[] {
  return bypasses(['CrossNode', 'SameNode'], 'DatapathUnknown', message);
}

/** Cilium hands pods of one node to each other, and with eBPF host routing also forwards, without the host's stack. */
function judgeCilium(config: DatapathEvidence['cilium']): readonly FabricBypass[] {
  if (config === undefined) {
    return nothingKnown('kube-system/cilium-config cannot be read: whether Cilium goes past netfilter is not known');
  }
  const isOn = (key: string): boolean => ['true', 'strict'].includes(config[key] ?? '');
  const masqueradesInBpf = isOn('enable-bpf-masquerade') || config['enable-ipv4-masquerade'] === 'false';
  const hostRouting =
    config['datapath-mode'] === 'netkit' ||
    (!isOn('enable-host-legacy-routing') && isOn('kube-proxy-replacement') && masqueradesInBpf);
  const message = hostRouting
    ? "Cilium's eBPF host routing forwards past netfilter: set bpf.hostLegacyRouting: true in its values"
    : 'Cilium hands packets between pods of one node past netfilter: set endpointRoutes.enabled: true in its values';
  if (hostRouting) return bypasses(['CrossNode', 'SameNode'], 'CiliumHostRouting', message);
  return isOn('enable-endpoint-routes') ? [] : bypasses(['SameNode'], 'CiliumLocalDelivery', message);
}

/** Frames between two ports of a bridge pass netfilter only where br_netfilter calls it. */
function judgeBridges({ plugins = [], bridges, bridgeCalls }: DatapathEvidence): readonly FabricBypass[] {
  const isBridged = plugins.some((type) => ['bridge', 'flannel'].includes(type)) || bridges.includes('cni0');
  const silent = ([4, 6] as const).filter((family) => bridgeCalls[family] !== '1');
  if (!isBridged || silent.length === 0) return [];
  const settings = silent.map((family) => `net.bridge.bridge-nf-call-${family === 4 ? 'ip' : 'ip6'}tables=1`);
  const message = `pods of one node are on a bridge that does not call netfilter: load br_netfilter and set ${settings.join(' and ')}`;
  return bypasses(['SameNode'], 'BridgeNotFiltered', message);
}

function bypasses(classes: readonly PathClass[], reason: string, message: string): readonly FabricBypass[] {
  return classes.map((each) => ({ class: each, reason, message }));
}
