import { type Cidr, closest, parseCidr, type Protocol } from '../../api/index.ts';
import type { ServiceGraph } from '../../graph/index.ts';

/** One end of a question, as people write it. */
export type Operand =
  | { readonly kind: 'service' | 'external'; readonly key: string }
  | { readonly kind: 'pod'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'address'; readonly text: string; readonly address: Cidr }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'world' | 'host' };

export interface PortAsked {
  /** A number, or the name of one of the callee's ports. */
  readonly port: number | string;
  readonly protocol: Protocol | undefined;
}

export type ReadOperand<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

/**
 * Reads `[NS/]NAME`, `external:[NS/]NAME`, `pod:NS/NAME`, `world`, `host`, an address or an FQDN. A name without
 * namespace is looked up in `namespace`, else it must be the only match.
 */
export function readOperand(text: string, graph: ServiceGraph, namespace: string | undefined): ReadOperand<Operand> {
  if (text === 'world' || text === 'host') return { ok: true, value: { kind: text } };
  const address = parseCidr(text.replace(/^\[(.*)\]$/, '$1'));
  if (address) return { ok: true, value: { kind: 'address', text: text.replace(/^\[(.*)\]$/, '$1'), address } };
  const split = /^(external|pod):(.*)$/.exec(text);
  const name = split?.[2] ?? text;
  if (split?.[1] === 'pod') {
    const [podNamespace = '', podName = ''] = name.split('/');
    if (podNamespace === '' || podName === '') return bad(`"${text}" is not pod:NAMESPACE/NAME`);
    return { ok: true, value: { kind: 'pod', namespace: podNamespace, name: podName } };
  }
  const kind = split ? 'external' : 'service';
  const found = look(
    name,
    kind === 'external' ? [...graph.state.externals.keys()] : [...graph.state.services.keys()],
    namespace,
  );
  if (found.length === 1) return { ok: true, value: { kind, key: found[0] ?? '' } };
  if (found.length > 1)
    return bad(`"${text}" is in several namespaces: ${found.join(', ')}; write one of them or --namespace`);
  if (kind === 'service') {
    const external = look(name, [...graph.state.externals.keys()], namespace);
    if (external.length === 1) return { ok: true, value: { kind: 'external', key: external[0] ?? '' } };
    if (/^([a-z0-9_-]+\.)+[a-z][a-z0-9-]*$/i.test(name))
      return { ok: true, value: { kind: 'name', name: name.toLowerCase() } };
  }
  const known = kind === 'external' ? graph.state.externals : graph.state.services;
  const near = closest(nameIn(name), [...known.keys()].map(nameIn));
  const what = kind === 'external' ? 'LatticeExternalService' : 'LatticeService';
  return bad(`no ${what} "${name}" is declared${near === undefined ? '' : `; did you mean "${near}"?`}`);
}

/** Splits `CALLEE[:PORT[/PROTO]]`, with IPv6 addresses in brackets where a port follows. */
export function readCallee(
  text: string,
): ReadOperand<{ readonly operand: string; readonly asked: PortAsked | undefined }> {
  if (parseCidr(text)) return { ok: true, value: { operand: text, asked: undefined } };
  const prefix = /^(external|pod):/.exec(text)?.[0] ?? '';
  const rest = text.slice(prefix.length);
  const split = /^(\[[^\]]*\]|[^:]*)(?::([A-Za-z0-9-]+)(?:\/([A-Za-z]+))?)?$/.exec(rest);
  if (!split) return bad(`"${text}" is not NAME[:PORT[/PROTOCOL]]`);
  const operand = `${prefix}${split[1] ?? ''}`;
  if (split[2] === undefined) return { ok: true, value: { operand, asked: undefined } };
  const protocol = split[3]?.toUpperCase();
  if (protocol !== undefined && protocol !== 'TCP' && protocol !== 'UDP' && protocol !== 'SCTP') {
    return bad(`protocol "${split[3] ?? ''}" is not TCP, UDP or SCTP`);
  }
  const port = /^\d+$/.test(split[2]) ? Number(split[2]) : split[2];
  if (typeof port === 'number' && (port < 1 || port > 65535)) return bad(`port ${port} is not from 1 to 65535`);
  return { ok: true, value: { operand, asked: { port, protocol } } };
}

function nameIn(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}

function look(name: string, keys: readonly string[], namespace: string | undefined): string[] {
  if (name.includes('/')) return keys.filter((key) => key === name);
  const matches = keys.filter((key) => nameIn(key) === name).sort();
  const preferred = matches.filter((key) => key === `${namespace ?? ''}/${name}`);
  return preferred.length > 0 ? preferred : matches;
}

function bad(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}
