/** One request. `$NAME.rv` and `$NAME.uid` in path or body stand for what the step saved as NAME answered. */
export interface Step {
  readonly say: string;
  readonly method?: string;
  readonly path: string;
  readonly type?: string;
  readonly accept?: string;
  readonly body?: unknown;
  readonly as?: string;
  /** Asked again until the status is this one: what a controller does in the background. */
  readonly until?: number;
  /** Asked again until the answer contains this text. */
  readonly untilText?: string;
}

export interface Conversation {
  readonly title: string;
  readonly steps: readonly Step[];
}

export interface Answer {
  readonly say: string;
  readonly status: number;
  readonly warning?: string;
  readonly body: unknown;
}

export interface Reply {
  readonly status: number;
  readonly warning: string;
  readonly text: string;
}

export type Send = (request: {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}) => Promise<Reply>;

/** Holds a conversation and returns the answers, without what must differ between two servers. */
export async function converse(conversation: Conversation, send: Send): Promise<readonly Answer[]> {
  const saved = new Map<string, unknown>();
  const answers: Answer[] = [];
  for (const step of conversation.steps) {
    const reply = await ask(step, saved, send);
    const body: unknown = reply.text.startsWith('{') ? JSON.parse(reply.text) : reply.text;
    if (step.as !== undefined) saved.set(step.as, body);
    const warning = reply.warning === '' ? {} : { warning: reply.warning };
    answers.push({ say: step.say, status: reply.status, ...warning, body: comparable(body) });
  }
  return answers;
}

/** For controllers on a busy machine. */
const PATIENCE_MS = 90_000;

async function ask(step: Step, saved: ReadonlyMap<string, unknown>, send: Send): Promise<Reply> {
  const method = step.method ?? 'GET';
  const type = step.type ?? (method === 'PATCH' ? 'application/merge-patch+json' : 'application/json');
  const fill = (text: string): string =>
    text.replaceAll(/\$(\w+)\.(rv|uid)/g, (_all, name: string, part: string) => metadata(saved.get(name), part));
  const request = {
    method,
    path: fill(step.path),
    headers: { 'content-type': type, accept: step.accept ?? 'application/json', 'user-agent': 'conversation/1' },
    body:
      step.body === undefined ? undefined : fill(typeof step.body === 'string' ? step.body : JSON.stringify(step.body)),
  };
  const limit = performance.now() + PATIENCE_MS;
  for (;;) {
    const reply = await send(request);
    const waits =
      (step.until !== undefined && reply.status !== step.until) ||
      (step.untilText !== undefined && !reply.text.includes(step.untilText));
    if (!waits || performance.now() > limit) return reply;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function metadata(body: unknown, part: string): string {
  const meta = isRecord(body) ? body.metadata : undefined;
  const value = isRecord(meta) ? meta[part === 'rv' ? 'resourceVersion' : 'uid'] : undefined;
  return typeof value === 'string' ? value : '';
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;
const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const AGE = /^\d+[smh](\d+s)?$/;
/** Words of the server that are not part of what it means. */
const IGNORED = new Set(['resourceVersion', 'continue', 'description', 'selfLink']);

/** A body without versions, times, ids, ages and descriptions; causes and managers in one order, for the server's is chance. */
export function comparable(value: unknown, field = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => comparable(item, field));
    // The server orders managedFields by seconds, so that two writes stand one way or the other.
    if (field === 'managedFields')
      return items
        .map((item) => JSON.stringify(item))
        .sort()
        .map((item): unknown => JSON.parse(item));
    return field === 'causes' ? distinct(items) : items;
  }
  if (isRecord(value)) {
    const several =
      isRecord(value.details) && Array.isArray(value.details.causes) && distinct(value.details.causes).length > 1;
    return Object.fromEntries(
      Object.keys(value)
        .map(
          (key) =>
            [key.replaceAll(UID, '<uid>'), hidden(key, several) ? `<${key}>` : comparable(value[key], key)] as const,
        )
        .sort(([left], [right]) => (left < right ? -1 : 1)),
    );
  }
  if (typeof value !== 'string') return value;
  if (TIME.test(value)) return '<time>';
  if (field === 'cells' && AGE.test(value)) return '<age>';
  return value
    .replaceAll(UID, '<uid>')
    .replaceAll(/(?<=current: )\d+/g, '<version>')
    .replaceAll(/(?<=Invalid value: )"(?:\{|map\[)(?:[^"\\]|\\.)*"/g, '<object>');
}

const hidden = (key: string, several: boolean): boolean => IGNORED.has(key) || (several && key === 'message');

const distinct = (items: readonly unknown[]): readonly unknown[] =>
  [...new Set(items.map((item) => JSON.stringify(item)))].sort().map((text): unknown => JSON.parse(text));
