// Methods that newer servers announce and whose types are not generated here yet, as the protocol describes them.
// They are called only where `initialize` lists them.

import type { PermissionQuestion, ProjectId, Scope, SessionId, Timestamp } from './protocol';

/** Requests that a server may have. */
export interface AnnouncedRequests {
  'agent/list': { params: { cwd?: string }; result: { agents: Agent[] } };
  'command/list': { params: { cwd?: string }; result: { commands: Command[] } };
  'project/list': { params: object; result: { projects: Project[] } };
  'project/update': { params: ProjectUpdate; result: { project: Project } };
  'permission/list': { params: { sessionId: SessionId }; result: { approvals: Approval[] } };
  'permission/revoke': { params: { sessionId: SessionId; approvalId: string }; result: { revoked: boolean } };
}

/** The names of these requests. */
export const ANNOUNCED_REQUESTS = [
  'agent/list',
  'command/list',
  'project/list',
  'project/update',
  'permission/list',
  'permission/revoke',
] as const satisfies ReadonlyArray<keyof AnnouncedRequests>;

/** What such a server tells. */
export interface AnnouncedNotifications {
  'project/didChange': { params: { project: Project } };
}

/** Who answers a prompt: instructions, tools, and what it may do. */
export interface Agent {
  name: string;
  description?: string | null;
  /** Where it is defined. */
  source: string;
  model?: string | { provider: string; id: string } | null;
  /** Whether it cannot change files. */
  readOnly: boolean;
  mistakes?: string[] | null;
}

/** A prompt with a name, written by the person or the project. */
export interface Command {
  name: string;
  description?: string | null;
  argumentHint?: string | null;
  source: string;
  mistakes?: string[] | null;
}

export type Trust = 'trusted' | 'untrusted' | 'changed';

/** What sessions of one root share. */
export interface Project {
  id: ProjectId;
  root: string;
  name: string;
  icon?: { kind: 'emoji' | 'image' | 'color'; value: string } | null;
  vcs?: 'git' | null;
  sandboxes: Array<{ path: string; branch?: string | null }>;
  trust: Trust;
  /** What the project's own configuration would run. */
  wouldRun: Array<{ path: string; what: string }>;
  createdAt: Timestamp;
  updatedAt: Timestamp;
  openedAt: Timestamp;
}

interface ProjectUpdate {
  projectId: ProjectId;
  name?: string;
  icon?: Project['icon'];
}

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
