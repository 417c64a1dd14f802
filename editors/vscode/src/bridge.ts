// What the extension and its webviews say to each other. Plain data only; knows the protocol's types.

import type {
  PermissionAnswer,
  PermissionQuestion,
  PromptPart,
  Question,
  Session,
  SessionUpdate,
  TodoItem,
} from './protocol';

/** The methods that a webview may call by itself. All others go through acts that the extension checks. */
export const VIEW_METHODS = [
  'session/messages',
  'session/queue',
  'session/unqueue',
  'session/context',
  'session/steps',
  'session/nextRequest',
  'session/compact',
  'part/read',
  'part/evidence',
] as const;

export type ViewMethod = (typeof VIEW_METHODS)[number];

/** A failure as a person reads it. */
export interface Failure {
  kind: string;
  message: string;
  cure?: string;
  retryable?: boolean;
}

/** Something that goes with a prompt: what is sent, and what it is called on screen. */
export interface Attachment {
  label: string;
  part: PromptPart;
}

/** One offer while `@` or `/` is typed. */
export interface Completion {
  label: string;
  detail: string;
  /** What the extension does with it when it is taken. */
  take:
    | { kind: 'attach'; what: 'selection' | 'problems' | 'openEditors' }
    | { kind: 'attach'; what: 'file' | 'folder'; uri: string }
    | { kind: 'command'; command: ViewCommand }
    | { kind: 'insert'; text: string };
}

/** A question of the model that is open. */
export interface OpenQuestion {
  questionId: string;
  sessionId: string;
  questions: Question[];
}

export type ServerState = 'stopped' | 'starting' | 'running' | 'waitingToRestart' | 'failed';

/** What a webview shows about the server. */
export interface ServerView {
  state: ServerState;
  message?: string;
}

/** Commands of the extension that a webview may run. */
export const VIEW_COMMANDS = [
  'agentls.newSession',
  'agentls.searchSessions',
  'agentls.selectModel',
  'agentls.selectAgent',
  'agentls.showContext',
  'agentls.compact',
  'agentls.stopTurn',
  'agentls.exportSession',
  'agentls.forkSession',
  'agentls.start',
  'agentls.restart',
  'agentls.logs',
  'agentls.setKey',
  'agentls.review.open',
  'agentls.pickContext',
  'agentls.approvals',
  'agentls.openProject',
  'workbench.trust.manage',
] as const;
export type ViewCommand = (typeof VIEW_COMMANDS)[number];

export type Delivery = 'queue' | 'steer' | 'interrupt';

/** From a webview to the extension. */
export type ToHost =
  | { type: 'ready' }
  | { type: 'call'; id: number; method: ViewMethod; params: unknown }
  | { type: 'complete'; id: number; sign: '@' | '/'; query: string }
  | { type: 'prompt'; clientId: string; parts: PromptPart[]; delivery: Delivery }
  | { type: 'cancel' }
  | { type: 'answerPermission'; permissionId: string; answer: PermissionAnswer }
  | { type: 'answerQuestion'; questionId: string; answers: string[] | null }
  | { type: 'take'; completion: Completion }
  | { type: 'command'; command: ViewCommand; argument?: unknown }
  | { type: 'openLink'; href: string }
  | { type: 'openDiff'; partId: string; diff: string; path: string; proposed: boolean }
  | { type: 'openText'; partId: string; title: string; field: string };

/** From the extension to a webview. */
export type ToView =
  | { type: 'server'; server: ServerView; restricted: boolean }
  | { type: 'session'; session: Session | null; todo: TodoItem[]; hint: string }
  | { type: 'sessionChanged'; session: Session }
  | { type: 'answers'; model: string; agent: string }
  | { type: 'updates'; updates: SessionUpdate[] }
  | { type: 'questions'; permissions: PermissionQuestion[]; questions: OpenQuestion[] }
  | { type: 'answer'; id: number; result?: unknown; failure?: Failure }
  | { type: 'prompted'; clientId: string; failure?: Failure }
  | { type: 'attach'; attachments: Attachment[] }
  | { type: 'compose'; text: string; focus: boolean }
  | { type: 'settings'; settings: ViewSettings };

/** The settings that a webview looks at. */
export interface ViewSettings {
  sendWith: 'enter' | 'ctrlEnter';
  showReasoning: boolean;
}
