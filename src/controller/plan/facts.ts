/** What can be said of one instance alone. */
import { withdrawnAnnotation } from '../../api/names.ts';
import type { InstanceVerdict, NginxInstance } from '../../api/nginx-instance.ts';
import type { RevisionView } from '../views.ts';

/** Verdicts that say something about the configuration: an ending or silent nginx (`Stopping`, `Unproven`) does not. */
const refusing = new Set(['Rejected', 'Degraded', 'RefusedByLint', 'RefusedByProbe']);

export function withdrawn(revision: RevisionView): boolean {
  return revision.metadata.annotations?.[withdrawnAnnotation] !== undefined;
}

/** It was told to run this, and this time: not an earlier one with the same content, which it refused. */
export function isOn(instance: NginxInstance, revision: RevisionView): boolean {
  const { spec, status } = instance;
  if (spec.revision?.name !== revision.metadata.name) return false;
  const { number } = revision.status ?? {};
  return (
    spec.revision.number === number ||
    status?.revision?.hash === revision.spec.hash ||
    refusalBy(instance, revision.spec.hash) === undefined
  );
}

/** It provably does what it was told. */
export function isSettled({ spec, status }: NginxInstance): boolean {
  return spec.revision !== undefined && status?.revision?.hash === spec.revision.hash;
}

export function runs(instance: NginxInstance, revision: RevisionView): boolean {
  return instance.spec.revision?.name === revision.metadata.name && isSettled(instance);
}

/** Nothing is proven of it: as far as anybody knows it serves nobody. */
export function isStarting({ status }: NginxInstance): boolean {
  return status?.revision === undefined;
}

/** Its refusal of the revision, made when it was handed out with its present number. */
export function refusalOf(instance: NginxInstance, revision: RevisionView): InstanceVerdict | undefined {
  const verdict = refusalBy(instance, revision.spec.hash);
  const { number } = revision.status ?? {};
  return verdict?.number === undefined || verdict.number === number ? verdict : undefined;
}

/** Its refusal of what it was told to run. */
export function refusalOfItsOwn(instance: NginxInstance): InstanceVerdict | undefined {
  const { revision } = instance.spec;
  if (revision === undefined || isSettled(instance)) return undefined;
  const verdict = refusalBy(instance, revision.hash);
  return verdict?.number === undefined || verdict.number === revision.number ? verdict : undefined;
}

/** Milliseconds since it was told what to run. */
export function waitedMs({ spec }: NginxInstance, now: number): number {
  return spec.movedAt === undefined ? 0 : now - Date.parse(spec.movedAt);
}

function refusalBy({ status }: NginxInstance, hash: string): InstanceVerdict | undefined {
  const verdict = status?.verdict;
  return verdict !== undefined && verdict.hash === hash && refusing.has(verdict.kind) ? verdict : undefined;
}
