import type { Mutation } from './mutation.ts';
import type { Failure } from './suites.ts';

/** What became of one mutation: who noticed it first, if anybody did. */
export interface Outcome {
  readonly mutation: Mutation;
  readonly noticed: Failure | undefined;
}

/** What the titles of the properties that hold the graph to the declarations begin with. */
const AGREEMENT = /^an (edge has|external service is called)/;

const PROPERTIES: Readonly<Record<string, string>> = {
  'test/prove/conjunction.test.ts': '**conjunction**',
  'test/prove/mixes.test.ts': '**mixes**',
  'test/prove/prove.test.ts': '**door by door**',
};

/** The page of the documentation about a run, and the rules that it did not come to. */
export function pageOf(
  groups: readonly { readonly about: string; readonly outcomes: readonly Outcome[] }[],
  untried: readonly string[] = [],
): string {
  const all = groups.flatMap(({ outcomes }) => outcomes);
  const byProperty = all.filter(({ noticed }) => propertyOf(noticed) !== undefined).length;
  const survivors = all.filter(({ noticed }) => noticed === undefined).length;
  return `# Mutations

Each rule of agreement and of the compilers, broken once on purpose: who notices?
\`node test/mutation/main.ts --write PAGE\` applies each edit of \`test/mutation\` alone to a copy of the repository, runs the
tests until one fails, and writes this page; \`--only RULE\` tries one. A mutation that nobody notices makes it fail, and so
does one whose text is gone.

Properties over random graphs are asked first. **Agreement**: the graph has exactly the edges that the declarations,
read again without it, agree on. **Conjunction**: all doors together let a flow through if and only if both sides agreed.
**Mixes**: so it stays under any mix of old and new objects, and a revoked flow is closed at once. **Door by door**: each
object opens exactly what is agreed. Only where these notice nothing are the tests of the single rules asked; the column
then has the title of the first that fails.

${all.length} mutations: ${byProperty} noticed by a property, ${all.length - byProperty - survivors} by a test of the rule, ${survivors} by nobody.${untried.length === 0 ? '' : `\n\nThe budget did not suffice for: ${untried.join('; ')}.`}
${groups.map(({ about, outcomes }) => `\n## ${about}\n\n${tableOf(outcomes)}`).join('')}`;
}

/** Who noticed, in a few words. */
export function noticedBy({ noticed }: Outcome): string {
  if (!noticed) return 'NOBODY';
  return propertyOf(noticed) ?? noticed.title;
}

function propertyOf(noticed: Failure | undefined): string | undefined {
  if (!noticed) return undefined;
  return AGREEMENT.test(noticed.title) ? '**agreement**' : PROPERTIES[noticed.file];
}

function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) => {
    const { rule, says, broken } = outcome.mutation;
    return `| ${[rule, says, broken, noticedBy(outcome)].map(cell).join(' | ')} |\n`;
  });
  return `| Rule | What it says | Broken so that | Noticed by |\n| --- | --- | --- | --- |\n${rows.join('')}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
