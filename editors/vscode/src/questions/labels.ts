// How approvals are described in lists. Pure.

import type { ListedApproval, Scope } from '../protocol';
import { age } from '../figures';
import { iconless, line } from '../plain';

const HOLDS: Partial<Record<Scope, string>> = { session: 'in this session', project: 'in this project' };

export function approvalItem({ tool, rule, scope, createdAt }: ListedApproval, now: number) {
  const holds = HOLDS[scope];
  return {
    label: iconless(`${line(tool, 40)}: ${line(rule, 200)}`),
    description: [holds, age(createdAt, now)].filter(Boolean).join(' · '),
  };
}
