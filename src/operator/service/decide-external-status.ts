import { type Finding, formatPath, type Issue } from '../../api/index.ts';
import type { Verdict } from '../status/index.ts';
import type { Decided } from './decide-status.ts';

/** Phase and conditions of an external service. It has no doors of its own: its services' do the work. */
export function decideExternalStatus(issues: readonly Issue[], findings: readonly Finding[]): Decided {
  const compiled = decideCompiled(issues, findings);
  const agreed = decideAgreed(findings);
  const ready: Verdict =
    compiled.status === 'True'
      ? { type: 'Ready', status: 'True', reason: agreed.reason, message: agreed.message }
      : { ...compiled, type: 'Ready' };
  const phase = issues.length > 0 ? 'Failed' : compiled.status === 'True' ? 'Ready' : 'Degraded';
  return { phase, verdicts: [ready, compiled, agreed] };
}

function decideCompiled(issues: readonly Issue[], findings: readonly Finding[]): Verdict {
  const type = 'Compiled';
  if (issues.length > 0) {
    const message = issues.map(({ path, message: said }) => `${formatPath(path)}: ${said}`).join('; ');
    return { type, status: 'False', reason: 'Invalid', message };
  }
  const errors = findings.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first) return { type, status: 'False', reason: first.code, message: errors.map(sentence).join('; ') };
  return { type, status: 'True', reason: 'Compiled', message: 'every endpoint and source can be enforced' };
}

function decideAgreed(findings: readonly Finding[]): Verdict {
  const type = 'Agreed';
  const halves = findings.filter(({ severity }) => severity === 'warning');
  const [first] = halves;
  if (!first) return { type, status: 'True', reason: 'BothSides', message: 'both sides declare every edge' };
  return { type, status: 'False', reason: first.code, message: halves.map(sentence).join('; ') };
}

function sentence({ message, fix }: Finding): string {
  return fix === undefined ? message : `${message} (${fix})`;
}
