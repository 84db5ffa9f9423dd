// Random conversations about the kinds that are served in full: create, apply, replace, patch, delete, list and watch,
// with bodies that are valid, odd or wrong.
import type { Conversation, Step } from '../conversation.ts';
import { APPLY, JSON_PATCH, META, STRATEGIC, TABLE } from '../conversations/vocabulary.ts';
import { drawFrom, type Draw } from './draw.ts';
import { SUBJECTS, type Subject } from './kinds.ts';
import { isFields, odd, part, pointer, spoil, type Value, valueOf } from './spoil.ts';

export interface Shape {
  readonly steps: number;
  /** The share of bodies in which one place is odd or wrong. */
  readonly wrong: number;
}

/** The conversation that `seed` draws, in a namespace of its own. Widgets must be defined already. */
export function randomConversation(seed: number, { steps, wrong }: Shape): Conversation {
  const draw = drawFrom(seed);
  const about = [draw.one(SUBJECTS), draw.one(SUBJECTS)] as const;
  const ns = `random-${seed}`;
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ns } };
  return {
    title: `random conversation ${seed}`,
    steps: [
      { say: 'make the namespace', method: 'POST', path: '/api/v1/namespaces', body },
      ...Array.from({ length: steps }, (_, index) => stepOf(draw, draw.one(about), { ns, index, wrong })),
      ...about.filter(({ cluster }) => cluster).flatMap((subject) => NAMES.map((name) => removal(subject, ns, name))),
      { say: 'delete the namespace', method: 'DELETE', path: `/api/v1/namespaces/${ns}` },
    ],
  };
}

const META_LIST = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
const NAMES = ['a', 'b', 'c'] as const;

const nameIn = (subject: Subject, ns: string, name: string): string => (subject.cluster ? `${ns}-${name}` : name);

function removal(subject: Subject, ns: string, name: string): Step {
  const path = `${subject.path(ns)}/${nameIn(subject, ns, name)}`;
  return { say: `clean up ${name}`, method: 'DELETE', path };
}

interface Setting {
  readonly ns: string;
  readonly index: number;
  readonly wrong: number;
}

function stepOf(draw: Draw, subject: Subject, { ns, index, wrong }: Setting): Step {
  const short = draw.one(NAMES);
  const name = nameIn(subject, ns, short);
  const valid = objectOf(subject, ns, short);
  const root = subject.path(ns);
  const at = `${root}/${name}`;
  const say = (what: string): string => `${index}. ${what} ${name}`;
  const saved = draw.one(['last', 'other']);
  const save = draw.chance(0.4) ? { as: saved } : {};
  const subresource = draw.chance(0.2) ? subject.subresources[draw.number(subject.subresources.length)] : undefined;
  if (subresource === 'scale') return scaling(draw, `${at}/scale`, say('scale'));
  const door = subresource === undefined ? at : `${at}/${subresource}`;
  const body = draw.chance(wrong) ? spoil(draw, valid) : valid;
  switch (draw.number(12)) {
    case 0:
    case 1:
    case 2:
      return { say: say('create'), method: 'POST', path: `${root}${query(draw)}`, body, ...save };
    case 3:
      return {
        say: say('replace'),
        method: 'PUT',
        path: `${door}${query(draw)}`,
        body: versioned(draw, body, saved),
        ...save,
      };
    case 4: {
      const patch = part(draw, body, 0.5);
      return { say: say('merge'), method: 'PATCH', path: `${door}${query(draw)}`, body: patch, ...save };
    }
    case 5: {
      const patch = part(draw, body, 0.5);
      return {
        say: say('merge strategically'),
        method: 'PATCH',
        type: STRATEGIC,
        path: `${door}${query(draw)}`,
        body: patch,
      };
    }
    case 6: {
      const patch = Array.from({ length: 1 + draw.number(2) }, () => operation(draw, valid, wrong));
      return {
        say: say('patch'),
        method: 'PATCH',
        type: JSON_PATCH,
        path: `${door}${query(draw)}`,
        body: patch,
        ...save,
      };
    }
    case 7:
    case 8: {
      const manager = `fieldManager=${draw.one(['one', 'two'])}${draw.chance(0.3) ? '&force=true' : ''}`;
      const configuration = identified(valid, draw.chance(0.3) ? body : part(draw, valid, 0.8));
      return {
        say: say('apply'),
        method: 'PATCH',
        type: APPLY,
        path: `${door}${query(draw, manager)}`,
        body: configuration,
        ...save,
      };
    }
    case 9: {
      const options = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: `$${saved}.uid` } };
      return {
        say: say('delete'),
        method: 'DELETE',
        path: `${at}${draw.chance(0.2) ? '?dryRun=All' : ''}`,
        ...(draw.chance(0.3) ? { body: options } : {}),
      };
    }
    case 10:
      return { say: say('read'), path: door, accept: draw.one(['application/json', TABLE, META]) };
    default:
      return {
        say: say('list'),
        path: `${root}?${selection(draw, subject, ns)}`,
        accept: draw.one(['application/json', TABLE, META, META_LIST]),
      };
  }
}

function scaling(draw: Draw, path: string, say: string): Step {
  const spec = { replicas: draw.one([0, 3, 11, -1]) };
  const body = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: path.split('/').at(-2) ?? '' }, spec };
  return draw.one<Step>([
    { say, path },
    { say, method: 'PATCH', path, body: { spec } },
    { say, method: 'PUT', path, body },
  ]);
}

function objectOf(subject: Subject, ns: string, short: string): Value {
  const text = JSON.stringify(subject.object(nameIn(subject, ns, short)));
  return valueOf(text.replaceAll('NAMESPACE', ns));
}

/** What is applied must say what it is, or nothing else is learned. */
function identified(valid: Value, value: Value): Value {
  if (!isFields(valid) || !isFields(value)) return value;
  const { apiVersion = null, kind = null } = valid;
  return { ...value, apiVersion, kind };
}

function versioned(draw: Draw, body: Value, saved: string): Value {
  if (!isFields(body) || draw.chance(0.4)) return body;
  const { metadata = null } = body;
  return isFields(metadata) ? { ...body, metadata: { ...metadata, resourceVersion: `$${saved}.rv` } } : body;
}

function query(draw: Draw, first = ''): string {
  const words = [
    first,
    draw.chance(0.15) ? 'dryRun=All' : '',
    draw.chance(0.4) ? `fieldValidation=${draw.one(['Strict', 'Warn', 'Ignore'])}` : '',
  ].filter((word) => word !== '');
  return words.length === 0 ? '' : `?${words.join('&')}`;
}

function operation(draw: Draw, valid: Value, wrong: number): Value {
  const path = pointer(draw, valid);
  const op = draw.chance(wrong) ? draw.one(['add', 'remove', 'replace', 'move', 'copy']) : 'test';
  if (op === 'remove') return { op, path };
  if (op === 'move' || op === 'copy') return { op, path, from: pointer(draw, valid) };
  return { op, path, value: odd(draw) };
}

function selection(draw: Draw, subject: Subject, ns: string): string {
  const labels = [
    'app=one',
    'app!=one',
    'app in (one,two)',
    '!app',
    'app',
    'a b',
    'app=x y',
    'app notin (one)',
  ] as const;
  return [
    // Of cluster scope there are other objects, too.
    subject.cluster
      ? `labelSelector=in=${ns}`
      : draw.chance(0.4)
        ? `labelSelector=${encodeURIComponent(draw.one(labels))}`
        : '',
    draw.chance(0.4) && subject.fields[0] !== undefined
      ? `fieldSelector=${encodeURIComponent(draw.one([subject.fields[0], ...subject.fields]))}`
      : '',
    !subject.cluster && draw.chance(0.3) ? `limit=${draw.one([1, 2, 0])}` : '',
  ]
    .filter((word) => word !== '')
    .join('&');
}
