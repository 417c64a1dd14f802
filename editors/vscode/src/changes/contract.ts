// Reviewing what a turn changed: methods that newer servers announce. Used only where the server lists them.

export interface ChangedFile {
  /** As a person reads it. */
  path: string;
  uri: string;
  status: 'created' | 'modified' | 'deleted';
  additions: number;
  deletions: number;
  /** Why there are no hunks. */
  note?: string | null;
  hunks: Hunk[];
}

export interface Hunk {
  id: string;
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
  /** Its body in unified form. */
  text: string;
  verdict: 'open' | 'accepted' | 'rejected';
  /** Whether a rejection would still find its place. */
  applies: boolean;
}

export interface Changes {
  messageId?: string | null;
  turnId?: string | null;
  running: boolean;
  files: ChangedFile[];
}

export interface ChangeRequests {
  'session/changes': { params: { sessionId: string; messageId?: string }; result: Changes };
  'session/review': {
    params: {
      sessionId: string;
      messageId: string;
      path?: string;
      hunkId?: string;
      verdict: 'accepted' | 'rejected';
    };
    result: Changes;
  };
  'change/read': {
    params: { sessionId: string; messageId: string; path: string; side: 'before' | 'after' };
    result: { text: string; exists: boolean };
  };
}

/** The update that counts the changed files while a turn runs. */
export interface ChangesUpdate {
  kind: 'changes';
  messageId: string;
  files: Array<Pick<ChangedFile, 'path' | 'uri' | 'status' | 'additions' | 'deletions'>>;
}
