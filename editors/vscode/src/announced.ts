// Methods that newer servers announce and whose types are not generated here yet, as the protocol describes them.
// They are called only where `initialize` lists them.

import type { PermissionQuestion, Scope, SessionId, Timestamp } from './protocol';

/** Requests that a server may have. */
export interface AnnouncedRequests {
  'permission/list': { params: { sessionId: SessionId }; result: { approvals: Approval[] } };
  'permission/revoke': { params: { sessionId: SessionId; approvalId: string }; result: { revoked: boolean } };
}

/** The names of these requests. */
export const ANNOUNCED_REQUESTS = ['permission/list', 'permission/revoke'] as const satisfies ReadonlyArray<
  keyof AnnouncedRequests
>;

/** Something that was allowed for longer than once. */
export interface Approval {
  approvalId: string;
  tool: string;
  rule: string;
  scope: Exclude<Scope, 'once' | 'never'>;
  createdAt: Timestamp;
}

/** A question for permission; newer servers say what the operating system enforces. */
export type AskedPermission = PermissionQuestion & { sandbox?: string | null };
