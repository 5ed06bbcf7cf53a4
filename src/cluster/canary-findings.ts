import type { CanarySection, Finding } from './sections.ts';

/** What keeps the agent from measuring what a client gets. That requests fail is told by whoever watches the service level. */
export function canaryFindings({ canaries }: CanarySection): readonly Finding[] {
  return canaries.flatMap(({ operation, off }) =>
    off === undefined
      ? []
      : [
          {
            code: 'CANARY_OFF',
            severity: 'info' as const,
            message: `This agent makes no ${operation}s to measure what clients get: ${off}.`,
            remedy: `Grant its user readwrite on cluster.keyPrefix (it is tried again every hour), or set observe.canary.${operation}: false.`,
          },
        ],
  );
}
