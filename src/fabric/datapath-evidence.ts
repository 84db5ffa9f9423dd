import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, isKubeObject, isRecord, type Kind, means } from '../kube/index.ts';
import type { DatapathEvidence } from './datapath.ts';

const CONFIG_MAP: Kind = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
  is: isKubeObject,
};

/** Reads what {@link judgeDatapath} judges by. `root` is where the node's /proc and /sys are. */
export async function readDatapath(
  client: Client,
  cniFolder: string,
  root: string,
  signal: AbortSignal,
): Promise<DatapathEvidence> {
  const interfaces = (await orNothing(readdir(join(root, 'sys/class/net')))) ?? [];
  const bridges: string[] = [];
  for (const name of interfaces) {
    const isBridge = await orNothing(access(join(root, 'sys/class/net', name, 'bridge')).then(() => true));
    if (isBridge) bridges.push(name);
  }
  const plugins = await readPlugins(cniFolder);
  const isCilium = (plugins?.includes('cilium-cni') ?? false) || interfaces.includes('cilium_host');
  const call = async (name: string): Promise<string | undefined> =>
    (await orNothing(readFile(join(root, 'proc/sys/net/bridge', name), 'utf8')))?.trim();
  return {
    plugins,
    interfaces,
    bridges,
    bridgeCalls: { 4: await call('bridge-nf-call-iptables'), 6: await call('bridge-nf-call-ip6tables') },
    cilium: isCilium ? await readCilium(client, signal) : undefined,
  };
}

/** The plugins of the first configuration file by name: the one that the container runtime uses. */
async function readPlugins(folder: string): Promise<readonly string[] | undefined> {
  const files = await orNothing(readdir(folder));
  const first = files?.filter((name) => /\.(conf|conflist|json)$/.test(name)).toSorted()[0];
  const text = first === undefined ? undefined : await orNothing(readFile(join(folder, first), 'utf8'));
  if (text === undefined) return undefined;
  try {
    const config: unknown = JSON.parse(text);
    if (!isRecord(config)) return undefined;
    const list: readonly unknown[] = Array.isArray(config['plugins']) ? config['plugins'] : [config];
    return list.flatMap((plugin) => (isRecord(plugin) && typeof plugin['type'] === 'string' ? [plugin['type']] : []));
  } catch (error) {
    // Half written: the next look a minute later sees it whole; until then it counts as unreadable.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function readCilium(client: Client, signal: AbortSignal): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    const found = await client.find(CONFIG_MAP, { namespace: 'kube-system', name: 'cilium-config' }, { signal });
    const data: unknown = found && 'data' in found ? found.data : undefined;
    if (!isRecord(data)) return undefined;
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, String(value)]));
  } catch (error) {
    if (means(error, 'forbidden')) return undefined;
    throw error;
  }
}

/** The answer, or undefined where there is no such file or it may not be read. */
async function orNothing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return undefined;
    throw error;
  }
}
