import type { LatticeResourceClass } from '../../api/index.ts';
import { secretValue, textValue, type Value } from '../value.ts';

type Embedded = NonNullable<LatticeResourceClass['spec']['embedded']>;
type Spec = Readonly<Record<string, unknown>>;

/** What the embedded default of a type runs: one pod of the official image, restricted, with its data on a volume. */
export interface EmbeddedKind {
  readonly port: number;
  readonly fixed: Readonly<Record<string, string>>;
  readonly random: readonly string[];
  /** `containers` and `service` of a LatticeService; `${secret.KEY}` is the generated Secret. */
  readonly spec: (embedded: Embedded) => Spec;
  readonly outputs: (secretName: string) => ReadonlyMap<string, Value>;
}

const probe = (command: readonly string[]): Spec => ({ exec: { command }, periodSeconds: 5, timeoutSeconds: 5 });

const POSTGRES: EmbeddedKind = {
  port: 5432,
  fixed: { username: 'app', database: 'app' },
  random: ['password'],
  spec: ({ image = 'docker.io/library/postgres:17' }) => ({
    containers: {
      postgres: {
        image,
        variables: {
          PGDATA: '/var/lib/postgresql/data/pgdata',
          POSTGRES_DB: 'app',
          POSTGRES_PASSWORD: '${secret.password}',
          POSTGRES_USER: 'app',
        },
        volumes: { '/var/lib/postgresql/data': { source: '${resources.data}' } },
        // The user and group "postgres" of the official image.
        securityContext: { runAsUser: 999, runAsGroup: 999 },
        readinessProbe: probe(['pg_isready', '--username=app', '--dbname=app', '--host=127.0.0.1']),
      },
    },
    service: { ports: { postgres: { port: 5432 } } },
  }),
  outputs: (name) =>
    new Map([
      ['database', textValue('app')],
      ['name', textValue('app')],
      ['username', textValue('app')],
      ['password', secretValue({ name, key: 'password' })],
      ['port', textValue('5432')],
    ]),
};

const REDIS: EmbeddedKind = {
  port: 6379,
  fixed: {},
  random: ['password'],
  spec: ({ image = 'docker.io/library/redis:8' }) => ({
    containers: {
      redis: {
        image,
        command: ['redis-server'],
        args: ['--requirepass', '$(REDIS_PASSWORD)', '--appendonly', 'yes', '--dir', '/data'],
        variables: { REDIS_PASSWORD: '${secret.password}' },
        volumes: { '/data': { source: '${resources.data}' } },
        securityContext: { runAsUser: 999, runAsGroup: 1000 },
        readinessProbe: { tcpSocket: { port: 6379 }, periodSeconds: 5 },
      },
    },
    service: { ports: { redis: { port: 6379 } } },
  }),
  outputs: (name) =>
    new Map([
      ['password', secretValue({ name, key: 'password' })],
      ['port', textValue('6379')],
    ]),
};

/** Types that have an embedded default. */
export const EMBEDDED: Readonly<Record<string, EmbeddedKind>> = { postgres: POSTGRES, redis: REDIS };
