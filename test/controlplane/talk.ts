import assert from 'node:assert/strict';
import type { ControlPlane } from '../../src/controlplane/index.ts';

export type Body = Readonly<Record<string, unknown>>;

/** Short ways to ask a control plane without a socket. */
export interface Talk {
  readonly send: (
    method: string,
    url: string,
    body?: unknown,
    type?: string,
  ) => Promise<{ readonly status: number; readonly body: Body }>;
  /** Sends, and fails unless it is a success. */
  readonly must: (method: string, url: string, body?: unknown, type?: string) => Promise<Body>;
  readonly watch: (url: string) => Promise<Heard>;
}

/** What a watch has sent so far. */
export interface Heard {
  readonly lines: string[];
  /** `TYPE name@version` of every whole line. */
  readonly events: () => readonly string[];
  readonly ended: () => 'open' | 'ended' | 'reset';
  readonly stop: () => void;
}

export function talkTo(plane: ControlPlane): Talk {
  const send: Talk['send'] = async (method, url, body, type = 'application/json') => {
    const headers = { 'content-type': type, 'user-agent': 'talk/1' };
    const response = await plane.inject(
      body === undefined ? { method, url, headers } : { method, url, headers, body: JSON.stringify(body) },
    );
    const text = response.body.kind === 'whole' ? response.body.text : '{}';
    return { status: response.status, body: recordOf(JSON.parse(text)) };
  };
  return {
    send,
    async must(method, url, body, type) {
      const reply = await send(method, url, body, type);
      assert.ok(reply.status < 300, JSON.stringify(reply.body));
      return reply.body;
    },
    async watch(url) {
      const response = await plane.inject({ method: 'GET', url });
      assert.equal(response.body.kind, 'stream');
      const lines: string[] = [];
      let state: 'open' | 'ended' | 'reset' = 'open';
      const sink = {
        write: (chunk: string) => void lines.push(chunk),
        end: () => {
          state = 'ended';
        },
        reset: () => {
          state = 'reset';
        },
      };
      const stop = response.body.kind === 'stream' ? response.body.open(sink) : () => undefined;
      return {
        lines,
        events: () => lines.filter((line) => line.endsWith('\n')).map(summary),
        ended: () => state,
        stop,
      };
    },
  };
}

function summary(line: string): string {
  const event = recordOf(JSON.parse(line));
  const meta = recordOf(recordOf(event.object).metadata);
  return `${text(event.type)} ${text(meta.name)}@${text(meta.resourceVersion)}`;
}

export const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export const recordOf = (value: unknown): Body =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {};

export const listOf = (value: unknown): readonly Body[] => (Array.isArray(value) ? value.map(recordOf) : []);

export const versionOf = (object: Body): string => text(recordOf(object.metadata).resourceVersion);

export const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

export const configMap = (name: string, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...more },
});

/** A clock that moves when it is told to. */
export function handClock(): {
  readonly now: () => number;
  readonly after: (millis: number, run: () => void) => () => void;
  readonly advance: (millis: number) => void;
} {
  let time = Date.parse('2026-01-01T00:00:00Z');
  let timers: readonly { readonly at: number; readonly run: () => void }[] = [];
  return {
    now: () => time,
    after(millis, run) {
      const timer = { at: time + millis, run };
      timers = [...timers, timer];
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance(millis) {
      const end = time + millis;
      for (;;) {
        const next = timers.toSorted((left, right) => left.at - right.at)[0];
        if (!next || next.at > end) break;
        time = next.at;
        timers = timers.filter((other) => other !== next);
        next.run();
      }
      time = end;
    },
  };
}
