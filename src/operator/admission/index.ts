// The admission webhook: what may not be declared is refused before it is stored.
export { type Admission, type AdmissionOptions, startAdmission } from './admission.ts';
export { type Judge, type JudgeOptions, judgeWith } from './judge.ts';
