// How approvals are described in lists. Pure.

import type { Approval } from '../announced';
import { age } from '../figures';
import { line } from '../plain';

export function approvalItem({ tool, rule, scope, createdAt }: Approval, now: number) {
  const holds = { session: 'in this session', project: 'in this project' }[scope];
  return {
    label: `${line(tool, 40)}: ${line(rule, 200)}`,
    description: [holds, age(createdAt, now)].filter(Boolean).join(' · '),
  };
}
