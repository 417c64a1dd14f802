// The protocol of agentls as types. Generated from `agentls schema` by scripts/protocol.mjs: do not edit.

/** The version that these types describe. */
export const PROTOCOL_VERSION = 1;

/** Requests to the server. */
export interface Requests {
  /** Makes a session. */
  'session/new': { params: SessionNew; result: SessionResult; };
  /** Lists sessions, newest activity first. */
  'session/list': { params: SessionList; result: SessionPage; };
  /** Reads a session and its todo list. */
  'session/get': { params: SessionParams; result: OpenedSession; };
  /** Reads a page of messages; the newest one without `before` and `after`. */
  'session/messages': { params: SessionMessages; result: MessagePage; };
  /** Prompts; answers when the prompt's turn has ended. */
  'session/prompt': { params: SessionPrompt; result: PromptResult; };
  /** Stops the turn; its prompt answers `cancelled`. */
  'session/cancel': { params: SessionParams; result: Cancelled; };
  /** Lists the prompts that wait. */
  'session/queue': { params: SessionParams; result: QueueResult; };
  /** Withdraws a prompt that waits. */
  'session/unqueue': { params: SessionUnqueue; result: Removed; };
  /** Summarises the history; what is won is told before and after, in tokens. */
  'session/compact': { params: SessionCompact; result: Compacted; };
  /** Tells what the model still sees: each piece with its size and its fate. */
  'session/context': { params: SessionParams; result: ContextReport; };
  /** Shows the request that would be sent next, with a prompt or as the session stands; secrets redacted. */
  'session/nextRequest': { params: SessionNextRequest; result: NextRequest; };
  /** Reads the ledger: one row for each provider call. */
  'session/steps': { params: SessionSteps; result: StepsResult; };
  /** Gives a session another title. */
  'session/rename': { params: SessionRename; result: SessionResult; };
  /** Puts a session away, or brings it back. */
  'session/archive': { params: SessionArchive; result: SessionResult; };
  /** Deletes a session with all it holds. */
  'session/delete': { params: SessionParams; result: Deleted; };
  /** Makes a session with the same history, whole or up to a message. */
  'session/fork': { params: SessionFork; result: SessionResult; };
  /** Writes a session as JSON or Markdown. */
  'session/export': { params: SessionExport; result: Exported; };
  /** Tells what a turn changed in files: each hunk, what a person said of it, whether it can be taken back. */
  'session/changes': { params: SessionChanges; result: ChangesResult; };
  /** Accepts hunks or takes them back; what is taken back waits until no turn of the session runs. */
  'session/review': { params: SessionReview; result: ChangesResult; };
  /** Reads a changed file as it was before a turn, or after it. */
  'change/read': { params: ChangeRead; result: ChangeText; };
  /** Reads a range of a part's field. */
  'part/read': { params: PartRead; result: PartRange; };
  /** Reads what stays of a tool call when it is compacted. */
  'part/evidence': { params: PartParams; result: EvidenceResult; };
  /** Lists what a person allowed for the session or its project. */
  'permission/list': { params: SessionParams; result: ApprovalList; };
  /** Takes back what a person allowed; the next call is asked for. */
  'permission/revoke': { params: PermissionRevoke; result: Revoked; };
  /** Lists the projects, newest activity first. */
  'project/list': { params: Nothing; result: ProjectList; };
  /** Reads a project: what it is called, whether it is trusted, what it brings. */
  'project/get': { params: ProjectParams; result: ProjectResult; };
  /** Gives a project another name or icon. */
  'project/update': { params: ProjectUpdate; result: ProjectResult; };
  /** Trusts a project as it is now, or no longer. */
  'project/trust': { params: ProjectTrust; result: ProjectResult; };
  /** Lists the models that can be chosen. */
  'model/list': { params: InWorkspace; result: ModelList; };
  /** Lists the tools that the model is offered. */
  'tool/list': { params: InWorkspace; result: ToolList; };
  /** Lists the agents that can answer, with what is wrong with their definitions. */
  'agent/list': { params: InWorkspace; result: AgentList; };
  /** Lists the commands that a prompt can call with `/name`. */
  'command/list': { params: InWorkspace; result: CommandList; };
  /** Lists the skills that the model can load, with what is wrong with them. */
  'skill/list': { params: InWorkspace; result: SkillList; };
  /** Reads the merged configuration and where it came from. */
  'config/get': { params: ConfigGet; result: ConfigResult; };
  /** What the server knows of itself. */
  'server/status': { params: Nothing; result: ServerStatus; };
}

/** The names of the requests to the server. */
export const REQUESTS = [
  'session/new',
  'session/list',
  'session/get',
  'session/messages',
  'session/prompt',
  'session/cancel',
  'session/queue',
  'session/unqueue',
  'session/compact',
  'session/context',
  'session/nextRequest',
  'session/steps',
  'session/rename',
  'session/archive',
  'session/delete',
  'session/fork',
  'session/export',
  'session/changes',
  'session/review',
  'change/read',
  'part/read',
  'part/evidence',
  'permission/list',
  'permission/revoke',
  'project/list',
  'project/get',
  'project/update',
  'project/trust',
  'model/list',
  'tool/list',
  'agent/list',
  'command/list',
  'skill/list',
  'config/get',
  'server/status',
] as const;

/** What the server tells. */
export interface Notifications {
  'session/update': { params: SessionUpdate; };
  'session/didChange': { params: SessionDidChange; };
  'project/didChange': { params: ProjectDidChange; };
}

/** What the server asks. */
export interface ServerRequests {
  'session/requestPermission': { params: PermissionQuestion; result: PermissionAnswer; };
  'session/askQuestion': { params: AskQuestion; result: QuestionAnswers; };
}

/** Parameters of `session/new`. */
export type SessionNew = {
  /** Absolute working directory. */
  cwd: string;
  /** Made from the first prompt when missing. */
  title?: (string | null) | undefined;
  /** The configured one when missing. */
  agent?: (string | null) | undefined;
  /** The configured one when missing. */
  model?: (ModelParam | null) | undefined;
  /** The session that it is started from. */
  parentId?: (SessionId | null) | undefined;
};

/** A model as `{provider, id}` or as `provider/id`. */
export type ModelParam = (ModelRef | string);

/** A model at a provider, written `provider/id` in configuration and prompts. */
export type ModelRef = {
  /** The provider's name in the configuration. */
  provider: string;
  /** The model's id at that provider. May contain slashes. */
  id: string;
};

/** A session. */
export type SessionId = string;

/** A session. */
export type SessionResult = {
  /** It. */
  session: Session;
};

/** A session. */
export type Session = {
  /** Its id. */
  id: SessionId;
  /** The project whose root it works in. */
  projectId: ProjectId;
  /** The session that it was forked or started from. */
  parentId?: (SessionId | null) | undefined;
  /** What lists show. */
  title: string;
  /** Absolute working directory. */
  cwd: string;
  /** The agent that answers by default. */
  agent: string;
  /** The model that answers by default. */
  model: ModelRef;
  /** What it does now. */
  status: Status;
  /** When it was made. */
  createdAt: Timestamp;
  /** Its last activity. */
  updatedAt: Timestamp;
  /** When it was archived. */
  archivedAt?: (Timestamp | null) | undefined;
  /** How much it holds. */
  counts: Counts;
  /** What all its provider calls consumed. */
  usage: Usage;
  /** How its newest turn ended; missing before its first one has. */
  lastTurn?: (LastTurn | null) | undefined;
  /** The process that runs it now. */
  owner?: (Owner | null) | undefined;
  /** What an unclean end interrupted. */
  recovered?: (Recovered | null) | undefined;
};

/** A project: the root that sessions share. */
export type ProjectId = string;

/** What a session is doing. */
export type Status = ("idle" | "running" | "waiting" | "retrying" | "compacting");

/** Milliseconds since the Unix epoch. */
export type Timestamp = number;

/** How much a session holds. */
export type Counts = {
  /** Messages. */
  messages: number;
  /** Parts of all messages. */
  parts: number;
  /** Bytes of all bodies. */
  bytes: number;
};

/** Tokens and money of one provider call, or the sum over several. The token counts are disjoint: `input` is the uncached input only, `cache_read` and `cache_write` come on top of it; `reasoning` is part of what was generated and not contained in `output`. */
export type Usage = {
  /** Input tokens that were neither read from nor written to a cache. */
  input?: number | undefined;
  /** Visible output tokens. */
  output?: number | undefined;
  /** Reasoning tokens. */
  reasoning?: number | undefined;
  /** Input tokens read from the provider's cache. */
  cacheRead?: number | undefined;
  /** Input tokens written to the provider's cache (Anthropic bills them apart). */
  cacheWrite?: number | undefined;
  /** Cost in US dollars by the catalogue's prices; 0 where no price is known. */
  costUsd?: number | undefined;
};

/** How a turn ended that answered a prompt. */
export type LastTurn = {
  /** When. */
  endedAt: Timestamp;
  /** Why, unless it failed. */
  stopReason?: (StopReason | null) | undefined;
  /** Why it failed. */
  error?: (MessageError | null) | undefined;
};

/** How a turn ended. */
export type StopReason = ("endTurn" | "maxTokens" | "maxSteps" | "refusal" | "cancelled" | "permissionRejected");

/** What went wrong, with the kind's data beside it. */
export type MessageError = {
  /** A sentence for a person. */
  message: string;
  [key: string]: unknown;
};

/** The process that runs a session now. */
export type Owner = {
  /** Its process id. */
  pid: number;
  /** The client it serves, as named in `initialize`. */
  client: string;
};

/** What an unclean end interrupted. */
export type Recovered = {
  /** One line for a person. */
  note: string;
};

/** Parameters of `session/list`. */
export type SessionList = {
  /** Only sessions that work here. */
  cwd?: (string | null) | undefined;
  /** Only sessions whose title has this in it. */
  search?: (string | null) | undefined;
  /** Archived sessions instead of the others; `false` when missing. */
  archived?: (boolean | null) | undefined;
  /** 1 to 500; 50 when missing. */
  limit?: (number | null) | undefined;
  /** From a page before. */
  cursor?: (string | null) | undefined;
};

/** A page of sessions, newest activity first. */
export type SessionPage = {
  /** They. */
  sessions: Array<Session>;
  /** Where the next page begins, if there is one. */
  nextCursor?: (string | null) | undefined;
};

/** A session. */
export type SessionParams = {
  /** Which. */
  sessionId: SessionId;
};

/** A session, with what else a client shows of one that it opens. */
export type OpenedSession = {
  /** It. */
  session: Session;
  /** Its todo list. */
  todo: Array<TodoItem>;
};

/** One thing to do. */
export type TodoItem = {
  /** What. */
  text: string;
  /** Where it stands. */
  status: TodoStatus;
};

/** Where a thing to do stands. */
export type TodoStatus = ("pending" | "active" | "done" | "dropped");

/** Parameters of `session/messages`. */
export type SessionMessages = {
  /** Which session. */
  sessionId: SessionId;
  /** Only messages before this message. */
  before?: (string | null) | undefined;
  /** Only messages after this message. */
  after?: (string | null) | undefined;
  /** 1 to 500; 50 when missing. */
  limit?: (number | null) | undefined;
  /** Whole texts or their beginnings; `preview` when missing. */
  bodies?: (Bodies | null) | undefined;
};

/** Whole texts or their beginnings. */
export type Bodies = ("preview" | "full");

/** A page of messages, ascending. */
export type MessagePage = {
  /** They. */
  messages: Array<Message>;
  /** Whether there are earlier ones. */
  hasBefore: boolean;
  /** Whether there are later ones. */
  hasAfter: boolean;
  /** What an unclean end interrupted here, where there was one. */
  recovered?: (Recovered | null) | undefined;
};

/** A message. */
export type Message = {
  /** Its id. */
  id: MessageId;
  /** The session it belongs to. */
  sessionId: SessionId;
  /** Its place in the session: the only order. */
  seq: Seq;
  /** Who speaks. */
  role: Role;
  /** The user message that an assistant message answers. */
  parentId?: (MessageId | null) | undefined;
  /** When it was begun. */
  createdAt: Timestamp;
  /** When it was complete. */
  completedAt?: (Timestamp | null) | undefined;
  /** The agent that answered or was asked. */
  agent?: (string | null) | undefined;
  /** The model that answered or was asked. */
  model?: (ModelRef | null) | undefined;
  /** `true` for the summary of a compaction, else missing. */
  summary?: (boolean | null) | undefined;
  /** Why the provider call ended. */
  finish?: (FinishReason | null) | undefined;
  /** What went wrong. */
  error?: (MessageError | null) | undefined;
  /** What its provider call consumed. */
  usage?: (Usage | null) | undefined;
  /** What it is made of, by index. */
  parts: Array<Part>;
};

/** A message of a session. */
export type MessageId = string;

/** A message's place in its session, from 1, without gaps, given by the write transaction (invariant 1). */
export type Seq = number;

/** Who speaks. */
export type Role = ("user" | "assistant");

/** Why a provider call ended, in provider-neutral words. */
export type FinishReason = ("endTurn" | "toolCalls" | "maxTokens" | "refusal");

/** A part of a message. */
export type Part = ({
  type: "text";
  /** It. */
  text: Body;
} | {
  type: "reasoning";
  /** It. */
  text: Body;
  /** When it began, where that is known. */
  startedAt?: (Timestamp | null) | undefined;
  /** When the model went on to something else. */
  endedAt?: (Timestamp | null) | undefined;
} | {
  type: "command";
  /** The command's name, without the slash. */
  name: string;
  /** What it became; empty until its shell snippets have run. */
  text: Body;
} | {
  type: "file";
  /** Media type. */
  mime: string;
  /** File name. */
  name?: (string | null) | undefined;
  /** Where it came from. */
  uri?: (string | null) | undefined;
  /** Size of the content in bytes. */
  bytes: number;
} | ToolPart & {
  type: "tool";
} | {
  type: "stepStart";
} | {
  type: "stepFinish";
  /** Why. */
  reason?: (FinishReason | null) | undefined;
  /** What it consumed. */
  usage?: (Usage | null) | undefined;
} | {
  type: "patch";
  /** Their absolute paths. */
  files: Array<string>;
} | {
  type: "compaction";
  /** Whether it was made without a person asking. */
  auto: boolean;
  /** The first of the messages before the summary that stay verbatim behind it. */
  tailSeq?: (Seq | null) | undefined;
  /** Tokens of the request before. */
  before: number;
  /** Tokens of the request after. */
  after: number;
  /** The calls whose evidence stands behind the summary, oldest first. */
  evidence: Array<PartId>;
} | {
  type: "subtask";
  /** The child. */
  sessionId: SessionId;
  /** What it was asked to do. */
  description: string;
}) & {
  /** Its id. */
  id: PartId;
  /** The message it belongs to. */
  messageId: MessageId;
  /** Its place in the message, from 0. */
  index: number;
};

/** A part of a message. */
export type PartId = string;

/** A text, or its beginning. */
export type Body = {
  /** The whole text, or its beginning when `truncated`: then `part/read` has the rest. */
  text: string;
  /** Size of the whole text in bytes. */
  bytes: number;
  /** Whether `text` is only the beginning. */
  truncated: boolean;
};

/** Where a tool call stands. `completed` and `error` are final. */
export type ToolStatus = ("pending" | "running" | "completed" | "error");

/** A file that a tool produced. */
export type Attachment = {
  /** Media type. */
  mime: string;
  /** File name. */
  name?: (string | null) | undefined;
  /** Size in bytes. */
  bytes: number;
};

/** A tool call and what became of it. */
export type ToolPart = {
  /** The provider's id of the call. */
  callId: string;
  /** The tool's name. */
  tool: string;
  /** One line for a person. */
  title?: (string | null) | undefined;
  /** Where it stands. */
  status: ToolStatus;
  /** The arguments: JSON text as the model wrote it. */
  input: Body;
  /** What it printed or found. */
  output?: (Body | null) | undefined;
  /** Why it failed. */
  error?: (string | null) | undefined;
  /** When it began. */
  startedAt?: (Timestamp | null) | undefined;
  /** When it ended. */
  endedAt?: (Timestamp | null) | undefined;
  /** When its output was replaced by evidence in what the model sees. */
  compactedAt?: (Timestamp | null) | undefined;
  /** Files it produced. */
  attachments: Array<Attachment>;
};

/** Parameters of `session/prompt`. */
export type SessionPrompt = {
  /** Which session. */
  sessionId: SessionId;
  /** What is said. */
  parts: Array<PromptPart>;
  /** Makes the prompt idempotent. */
  clientId?: (string | null) | undefined;
  /** When it is answered if a turn runs; `queue` when missing. */
  delivery?: (Delivery | null) | undefined;
  /** Answers this prompt and later ones. */
  agent?: (string | null) | undefined;
  /** Answers this prompt and later ones. */
  model?: (ModelParam | null) | undefined;
};

/** A part of a prompt. */
export type PromptPart = ({
  type: "text";
  /** The text. */
  text: string;
} | {
  type: "file";
  /** `file:` URI. */
  uri: string;
  /** Lines to show, from 0, the end excluded; the whole file when missing. */
  range?: (LineRange | null) | undefined;
  /** The content as the client sees it; read from the buffer or the disk when missing. */
  text?: (string | null) | undefined;
} | {
  type: "image";
  /** Media type: `image/png`, `image/jpeg`, `image/gif` or `image/webp`. */
  mime: string;
  /** The content. */
  base64: string;
});

/** A range of an LSP document; only its lines count. */
export type LineRange = {
  /** First position. */
  start: LinePosition;
  /** Position after the last one. */
  end: LinePosition;
};

/** A position in an LSP document. */
export type LinePosition = {
  /** Line, from 0. */
  line: number;
  /** Character in UTF-16 units, from 0; 0 when missing. */
  character?: (number | null) | undefined;
};

/** When a prompt that arrives during a turn is answered. */
export type Delivery = ("queue" | "steer" | "interrupt");

/** How a prompt's turn ended. */
export type PromptResult = {
  /** The prompt's message. */
  messageId: MessageId;
  /** Why it ended. */
  stopReason: StopReason;
  /** Provider calls. */
  steps: number;
  /** What they consumed. */
  usage: Usage;
};

/** What `session/cancel` did. */
export type Cancelled = {
  /** Whether something was running. */
  cancelled: boolean;
};

/** The prompts that wait. */
export type QueueResult = {
  /** They, in the order in which they will be answered. */
  prompts: Array<QueuedPrompt>;
};

/** A prompt that waits for its turn. */
export type QueuedPrompt = {
  /** The id its user message will have. */
  messageId: MessageId;
  /** Its text parts, joined. */
  text: string;
  /** When it wants to be answered. */
  delivery: Delivery;
  /** When it was accepted. */
  createdAt: Timestamp;
};

/** Parameters of `session/unqueue`. */
export type SessionUnqueue = {
  /** Which session. */
  sessionId: SessionId;
  /** Which prompt. */
  messageId: MessageId;
};

/** What `session/unqueue` did. */
export type Removed = {
  /** Whether the prompt was still waiting. */
  removed: boolean;
};

/** Parameters of `session/compact`. */
export type SessionCompact = {
  /** Which session. */
  sessionId: SessionId;
  /** What the summary is to look after in particular. */
  instructions?: (string | null) | undefined;
  /** Only tell what would be won: nothing is changed, and no model is called; `false` when missing. */
  dryRun?: (boolean | null) | undefined;
};

/** What a compaction did, or would do. Sizes in tokens. */
export type Compacted = {
  /** The next request before. */
  before: number;
  /** The next request after; an estimate in a dry run. */
  after: number;
  /** The `seq` of the newest summary; 0 while there is none. `after` equals `before` when nothing was to be won. */
  boundarySeq: Seq;
  /** Calls whose evidence stands behind the summary. */
  evidence: number;
  /** The summary's message, when one was made. */
  summaryMessageId?: (MessageId | null) | undefined;
};

/** What the model will see with the next request. Sizes in tokens. */
export type ContextReport = {
  /** The model that will be asked. */
  model: ModelRef;
  /** Size of its window. */
  limit: number;
  /** Kept free of it. */
  reserved: number;
  /** What a request may hold before the history is compacted. */
  usable: number;
  /** What the next request holds: counted by the provider as far as it has seen it, estimated beyond. */
  used: number;
  /** How much of `used` is estimated. */
  estimated: number;
  /** How far off estimates are: what the provider counted for the last request … */
  countedTokens: number;
  /** … and what the same was estimated at. Estimates here are corrected by the two. */
  countedEstimate: number;
  /** The `seq` of the newest summary; 0 while there is none. */
  boundarySeq: Seq;
  /** The `seq` of the first message behind it that is sent. */
  windowStartSeq: Seq;
  /** The pieces of the history, oldest first. */
  items: Array<ContextItem>;
  /** What stands before them in each request. */
  fragments: Array<ContextFragment>;
  /** How the next request will reach the provider. */
  threading: ContextThreading;
};

/** A piece of the history. */
export type ContextItem = {
  /** Its message's place. */
  seq: Seq;
  /** Its message. */
  messageId: MessageId;
  /** The part; missing for what stands for several. */
  partId?: (PartId | null) | undefined;
  /** The part's type; `summary`, or `earlier` for the sum of all that is older than what is listed. */
  kind: string;
  /** The tool called. */
  tool?: (string | null) | undefined;
  /** The call's title. */
  title?: (string | null) | undefined;
  /** Its size in the next request; of what is not sent, what it would take. */
  tokens: number;
  /** What became of it. */
  fate: Fate;
  /** How many parts it stands for. */
  parts: number;
};

/** What became of a piece of the history. */
export type Fate = ("full" | "evidence" | "summarized" | "outside");

/** A piece of what stands before the history. */
export type ContextFragment = {
  /** What it is. */
  name: string;
  /** Its size. */
  tokens: number;
  /** When it was last changed, where it is a file. */
  changedAt?: (Timestamp | null) | undefined;
};

/** How a request reaches the provider. */
export type ContextThreading = {
  /** `full` or `delta`. */
  mode: string;
  /** Why. */
  reason: string;
  /** The last message that the provider has. */
  anchorSeq?: (Seq | null) | undefined;
};

/** Parameters of `session/nextRequest`. */
export type SessionNextRequest = {
  /** Which session. */
  sessionId: SessionId;
  /** A prompt to see it with; without one it is shown as the session stands. */
  text?: (string | null) | undefined;
};

/** The request that would be sent next. */
export type NextRequest = {
  /** `POST`. */
  method: string;
  /** Where it goes. */
  url: string;
  /** Headers by name; of a credential the name only. */
  headers: { [name: string]: string };
  /** Its body, byte for byte as it is sent; in the place of secrets stands `[redacted]`. */
  body: string;
  /** Size of the body as it is sent. */
  bytes: number;
  /** How it reaches the provider. */
  threading: ContextThreading;
  /** What the provider may find in its cache. */
  forecast: Forecast;
  /** What comes before it and makes it another: it is shown as it stands until then. */
  first?: (First | null) | undefined;
  /** What else keeps it from being sent as it is. */
  notes: Array<string>;
};

/** What the provider may find in its cache: what was sent before and is sent again unchanged. Judged by stored facts, as the ledger will judge the call; what the provider really remembers is its own business. */
export type Forecast = {
  /** Units of conversation that the model reads, those included that the provider keeps. */
  items: number;
  /** Tokens of all that it reads. */
  tokens: number;
  /** Units that were sent before. */
  cachedItems: number;
  /** Tokens up to there, instructions and tools included. */
  cachedTokens: number;
  /** Why none of it will be found, where that is known. */
  miss?: (CacheMiss | null) | undefined;
};

/** Why a provider did not read from its cache what it was expected to hold. */
export type CacheMiss = ("first" | "compaction" | "prune" | "window" | "images" | "model" | "agent" | "tools" | "instructions" | "settings" | "retry" | "expired" | "unknown");

/** What a turn does before it sends a request. */
export type First = ("prune" | "compaction" | "window");

/** Parameters of `session/steps`. */
export type SessionSteps = {
  /** Which session. */
  sessionId: SessionId;
  /** The newest so many: 1 to 1,000; 100 when missing. */
  limit?: (number | null) | undefined;
};

/** The ledger of a session. */
export type StepsResult = {
  /** Provider calls, in order. */
  steps: Array<Step>;
};

/** One provider call. */
export type Step = {
  /** Its place in the session's ledger. */
  seq: number;
  /** The message that it wrote. */
  messageId: MessageId;
  /** When it began. */
  startedAt: Timestamp;
  /** The model that was called. */
  model: ModelRef;
  /** Size of the request's body. */
  requestBytes: number;
  /** Items of conversation in the request. */
  inputItems: number;
  /** `full`, or `delta` where it continued a response that the provider keeps. */
  threading: string;
  /** Why. */
  threadingReason: string;
  /** Uncached input tokens. */
  input: number;
  /** Input tokens read from the cache. */
  cacheRead: number;
  /** Input tokens written to the cache. */
  cacheWrite: number;
  /** Why less was read from the cache than was expected; missing when it was not, or when the provider says nothing about its cache. */
  cacheMiss?: (CacheMiss | null) | undefined;
  /** Output tokens. */
  output: number;
  /** US dollars. */
  costUsd: number;
  /** Until the first event. */
  firstEventMs?: (number | null) | undefined;
  /** Until the end. */
  durationMs: number;
  /** Calls that failed before this one. */
  retries: number;
  /** Our own work. */
  overheadMs: number;
  /** How it ended. */
  finish: string;
};

/** Parameters of `session/rename`. */
export type SessionRename = {
  /** Which session. */
  sessionId: SessionId;
  /** What lists show from now on. */
  title: string;
};

/** Parameters of `session/archive`. */
export type SessionArchive = {
  /** Which session. */
  sessionId: SessionId;
  /** `false` brings it back; `true` when missing. */
  archived?: (boolean | null) | undefined;
};

/** What `session/delete` did. */
export type Deleted = {
  /** Whether it was there. */
  deleted: boolean;
};

/** Parameters of `session/fork`. */
export type SessionFork = {
  /** Which session. */
  sessionId: SessionId;
  /** The last message that the new one has; all of them when missing. */
  messageId?: (MessageId | null) | undefined;
};

/** Parameters of `session/export`. */
export type SessionExport = {
  /** Which session. */
  sessionId: SessionId;
  /** In which format. */
  format: ExportFormat;
  /** Absolute path of the file to write; the text is in the result when missing. */
  path?: (string | null) | undefined;
};

/** Format of an export. */
export type ExportFormat = "json" | "markdown";

/** What `session/export` made: a file, or a text. */
export type Exported = {
  /** The file. */
  path?: (string | null) | undefined;
  /** The text. */
  text?: (string | null) | undefined;
};

/** Parameters of `session/changes`. */
export type SessionChanges = {
  /** Which session. */
  sessionId: SessionId;
  /** A message of the turn; the newest turn that changed files when missing. */
  messageId?: (MessageId | null) | undefined;
  /** Only this file, by its path in the result or an absolute one. */
  path?: (string | null) | undefined;
};

/** What a turn changed. */
export type ChangesResult = {
  /** The first user message that the turn answered; missing when no turn changed a file. */
  messageId?: (MessageId | null) | undefined;
  /** The turn. */
  turnId?: (TurnId | null) | undefined;
  /** Whether it still runs. */
  running: boolean;
  /** In the order in which they were first changed. */
  files: Array<ChangedFile>;
};

/** One run of the agent loop, from a prompt to its end. */
export type TurnId = string;

/** A file that a turn changed. */
export type ChangedFile = {
  /** As a person reads it: relative to the session's working directory where it lies inside. */
  path: string;
  /** Its `file:` URI. */
  uri: string;
  /** What became of it. */
  status: FileStatus;
  /** Added lines. */
  additions: number;
  /** Removed lines. */
  deletions: number;
  /** Why there are no hunks. */
  note?: (string | null) | undefined;
  /** The differences, in order. */
  hunks: Array<ChangedHunk>;
};

/** What became of a file. */
export type FileStatus = "created" | "modified" | "deleted";

/** Lines that differ. Line numbers begin at 1; a side without lines names the line before. */
export type ChangedHunk = {
  /** The same for the same change. */
  id: string;
  /** Its first line before. */
  oldStart: number;
  /** Its lines before. */
  oldLines: number;
  /** Its first line after. */
  newStart: number;
  /** Its lines after. */
  newLines: number;
  /** In unified form: each line begins with ` `, `-` or `+`. */
  text: string;
  /** What a person said of it. */
  verdict: Verdict;
  /** Whether it can be taken back: its lines stand in the file as the turn left them. */
  applies: boolean;
};

/** What a person said of a hunk. */
export type Verdict = ("open" | "accepted" | "rejected");

/** Parameters of `session/review`. */
export type SessionReview = {
  /** Which session. */
  sessionId: SessionId;
  /** A message of the turn. */
  messageId: MessageId;
  /** Which file; all of the turn's when missing. */
  path?: (string | null) | undefined;
  /** Which hunk; all that are open when missing. */
  hunkId?: (string | null) | undefined;
  /** What a person says of it. */
  verdict: Judged;
};

/** What a person says of hunks. */
export type Judged = ("accepted" | "rejected");

/** Parameters of `change/read`. */
export type ChangeRead = {
  /** Which session. */
  sessionId: SessionId;
  /** A message of the turn. */
  messageId: MessageId;
  /** Which file. */
  path: string;
  /** Which of its two texts. */
  side: ChangeSide;
};

/** A side of a change. */
export type ChangeSide = ("before" | "after");

/** A side of a changed file. */
export type ChangeText = {
  /** The whole text. */
  text: string;
  /** Whether there is such a file on that side. */
  exists: boolean;
};

/** Parameters of `part/read`. */
export type PartRead = {
  /** Which part. */
  partId: PartId;
  /** `text`, `input`, `output`, `error`, `data`, `attachment:N` or `copy:N`. When missing: `output` of a tool call, `text` of a text, `data` of a file. */
  field?: (string | null) | undefined;
  /** Where to begin, in bytes; 0 when missing. */
  offset?: (number | null) | undefined;
  /** How much, in bytes: 1 to 4 MiB; 64 KiB when missing. */
  limit?: (number | null) | undefined;
};

/** A range of a part's field: `text`, or `base64` where it is none. */
export type PartRange = {
  /** Text. */
  text?: (string | null) | undefined;
  /** Bytes that are no text. */
  base64?: (string | null) | undefined;
  /** Where it begins, in bytes, moved to a character's beginning. */
  offset: number;
  /** Size of the whole field in bytes. */
  bytes: number;
  /** Whether the field ends here. */
  eof: boolean;
};

/** Parameters about one part. */
export type PartParams = {
  /** Which part. */
  partId: PartId;
};

/** The evidence of a tool call. */
export type EvidenceResult = {
  /** What the model sees of it once it is compacted. */
  text: string;
  /** What that is made from; missing when the result itself is gone. */
  record?: (Record | null) | undefined;
  /** Where the record came from; `notCompacted` while the model still sees the result itself. */
  source: EvidenceSource;
};

/** What is kept of a result when its tool completes. */
export type Record = {
  /** The form of this record. */
  version: number;
  /** SHA-256 of the whole result, in hexadecimal. */
  sha256: string;
  /** Its size in bytes. */
  bytes: number;
  /** Its lines. */
  lines: number;
  /** The file that the call was about. */
  path?: (string | null) | undefined;
  /** Its lines that matter most. */
  excerpt: string;
};

/** Where an evidence record came from. */
export type EvidenceSource = ("stored" | "recomputed" | "notCompacted");

/** Result of `permission/list`. */
export type ApprovalList = {
  /** What holds for the session, oldest first. */
  approvals: Array<ListedApproval>;
};

/** Something that a person allowed for longer than once. */
export type ListedApproval = {
  /** Names it. */
  approvalId: ApprovalId;
  /** The tool. */
  tool: string;
  /** The pattern, matched like a configured rule. */
  rule: string;
  /** `session` or `project`. */
  scope: Scope;
  /** When it was allowed. */
  createdAt: Timestamp;
};

/** Something that a person allowed for longer than once. */
export type ApprovalId = string;

/** How long a permission holds. */
export type Scope = ("once" | "session" | "project" | "never");

/** Parameters of `permission/revoke`. */
export type PermissionRevoke = {
  /** A session for which it holds. */
  sessionId: SessionId;
  /** Which approval. */
  approvalId: ApprovalId;
};

/** Result of `permission/revoke`. */
export type Revoked = {
  /** `false` when there was none of that name. */
  revoked: boolean;
};

/** No parameters. */
export type Nothing = { [name: string]: never };

/** The projects with the newest activity first. */
export type ProjectList = {
  /** They. */
  projects: Array<Project>;
};

/** A project: a folder that sessions work in. */
export type Project = {
  /** Its id. */
  id: ProjectId;
  /** Its real path: the nearest repository upward from where sessions work, else that folder itself. */
  root: string;
  /** What it is called. */
  name: string;
  /** What stands before its name. */
  icon?: (Icon | null) | undefined;
  /** What keeps its history. */
  vcs?: (Vcs | null) | undefined;
  /** Its linked worktrees. Each of them is a project of its own, trusted on its own. */
  sandboxes: Array<Sandbox>;
  /** Whether what it brings counts, and whether anything may be changed or run in it. */
  trust: Trust;
  /** What it brings that counts once it is trusted. */
  wouldRun: Array<Brought>;
  /** When it was first seen. */
  createdAt: Timestamp;
  /** When its name, its icon or its trust were last changed. */
  updatedAt: Timestamp;
  /** When a session was last begun in it. */
  openedAt: Timestamp;
};

/** What stands before a project's name. */
export type Icon = {
  /** What it is. */
  kind: IconKind;
  /** An emoji, a `data:` URL of an image, or a colour as `#rrggbb`. */
  value: string;
};

/** What an icon is. */
export type IconKind = "emoji" | "image" | "color";

/** What keeps a project's history. */
export type Vcs = "git";

/** A linked worktree of a repository. */
export type Sandbox = {
  /** Where it is. */
  path: string;
  /** The branch that is checked out there; missing where it is a commit. */
  branch?: (string | null) | undefined;
};

/** Whether a project is trusted. */
export type Trust = ("trusted" | "untrusted" | "changed");

/** Something that a project brings. */
export type Brought = {
  /** The file, relative to the root. */
  path: string;
  /** What it would be used as. */
  what: Use;
  /** How it differs from what was trusted; missing where it does not, and where nothing was. */
  change?: (Edit | null) | undefined;
};

/** What a file of a project is used as. */
export type Use = "configuration" | "agent" | "command";

/** How a file differs from what was trusted. */
export type Edit = "added" | "changed" | "removed";

/** A project. */
export type ProjectParams = {
  /** Which. */
  projectId: ProjectId;
};

/** A project. */
export type ProjectResult = {
  /** It. */
  project: Project;
};

/** Parameters of `project/update`. What is missing stays. */
export type ProjectUpdate = {
  /** Which project. */
  projectId: ProjectId;
  /** What it is called from now on; without hidden characters. */
  name?: (string | null) | undefined;
  /** What stands before its name from now on; `null` takes it away. */
  icon?: (Icon | null) | undefined;
};

/** Parameters of `project/trust`: one of `projectId` and `cwd`. */
export type ProjectTrust = {
  /** Which project. */
  projectId?: (ProjectId | null) | undefined;
  /** The project of this folder: an absolute path. */
  cwd?: (string | null) | undefined;
  /** Whether it is trusted, as it is now. */
  trust: Wish;
};

/** What becomes of trust. */
export type Wish = ("trusted" | "untrusted");

/** Parameters of lists that depend on a workspace. */
export type InWorkspace = {
  /** Absolute working directory. */
  cwd?: (string | null) | undefined;
};

/** The models that can be chosen. */
export type ModelList = {
  /** They. */
  models: Array<ModelEntry>;
};

/** A model that can be chosen. */
export type ModelEntry = {
  /** The provider's name in the configuration. */
  provider: string;
  /** The model's id at the provider. */
  id: string;
  /** Size of its window in tokens. */
  context: number;
  /** The most it writes in one answer, in tokens. */
  maxOutput: number;
  /** Whether it takes images. */
  images: boolean;
  /** US dollars for a million tokens. */
  cost: CostConfig;
  /** Whether its provider can be called. */
  ready: boolean;
};

/** Prices in US dollars for a million tokens. */
export type CostConfig = {
  /** Uncached input. */
  input?: number | undefined;
  /** Output. */
  output?: number | undefined;
  /** Input read from the cache. */
  cacheRead?: number | undefined;
  /** Input written to the cache. */
  cacheWrite?: number | undefined;
};

/** The tools that the model is offered. */
export type ToolList = {
  /** They. */
  tools: Array<ToolEntry>;
};

/** A tool that the model is offered. */
export type ToolEntry = {
  /** Its name. */
  name: string;
  /** What it does. */
  description: string;
  /** JSON Schema of its parameters. */
  parameters: unknown;
};

/** The agents that can answer. */
export type AgentList = {
  /** They: the built-in ones first. */
  agents: Array<ListedAgent>;
};

/** An agent. */
export type ListedAgent = {
  /** What `agent` parameters call it. */
  name: string;
  /** When to choose it. */
  description: string;
  /** `builtIn`, or the file or layer of the configuration that spoke of it last. */
  source: string;
  /** The model that answers for it. */
  model?: (ModelRef | null) | undefined;
  /** Whether it cannot change anything. */
  readOnly: boolean;
  /** What is wrong with its definitions, a line for each. */
  mistakes: Array<string>;
};

/** The commands that a prompt can call. */
export type CommandList = {
  /** They, by name. */
  commands: Array<ListedCommand>;
};

/** A command. */
export type ListedCommand = {
  /** What is typed behind the slash. */
  name: string;
  /** What it is for. */
  description: string;
  /** What may be typed behind the name. */
  argumentHint?: (string | null) | undefined;
  /** Who answers it. */
  agent?: (string | null) | undefined;
  /** The model that answers it. */
  model?: (ModelRef | null) | undefined;
  /** The file or layer of the configuration that it comes from. */
  source: string;
  /** What is wrong with it, a line for each. */
  mistakes: Array<string>;
};

/** The skills that the model can load. */
export type SkillList = {
  /** They. */
  skills: Array<ListedSkill>;
};

/** A skill. */
export type ListedSkill = {
  /** What the model calls it. */
  name: string;
  /** When it fits. */
  description: string;
  /** Its file. */
  path: string;
  /** What is wrong with it, a line for each; one that cannot be loaded is listed for that. */
  mistakes: Array<string>;
};

/** Parameters of `config/get`. */
export type ConfigGet = {
  /** Absolute working directory. */
  cwd: string;
};

/** The merged configuration. */
export type ConfigResult = {
  /** It; secrets are redacted. */
  config: Config;
  /** Where each value came from, by dotted key. */
  sources: { [name: string]: string };
  /** The line in that file, from 1, by dotted key. */
  lines: { [name: string]: number };
  /** What is wrong with the files: a line for each mistake, with its file, line, column, key and cure. */
  mistakes: Array<string>;
};

/** The merged configuration. */
export type Config = {
  /** The model that answers, as `provider/model`. */
  model?: string | undefined;
  /** A cheaper model for titles; the ordinary one when missing. */
  smallModel?: (string | null) | undefined;
  /** The agent that answers. */
  agent?: string | undefined;
  /** Providers by name. */
  providers?: { [name: string]: ProviderConfig } | undefined;
  /** Rules by tool name or `*`: a word, or patterns with a word each. Later wins among allow and ask; a deny always wins. */
  permission?: { [name: string]: ("allow" | "ask" | "deny" | { [name: string]: "allow" | "ask" | "deny" }) } | undefined;
  /** What an ask becomes when nobody can be asked. */
  headlessPermission?: HeadlessPermission | undefined;
  /** When and how history is compacted. */
  compaction?: CompactionConfig | undefined;
  /** Instruction files beside AGENTS.md: paths and globs, from the project's root. */
  instructions?: Array<string> | undefined;
  /** Agents of the user's own, by name. */
  agents?: { [name: string]: AgentConfig } | undefined;
  /** Commands of the user's own, by name. */
  commands?: { [name: string]: CommandConfig } | undefined;
  /** Where skills are looked for. */
  skills?: SkillsConfig | undefined;
  /** What holds commands that `bash` runs. */
  sandbox?: SandboxConfig | undefined;
  /** Which environment variables children get. */
  environment?: EnvironmentConfig | undefined;
  /** What `webfetch` may fetch. */
  webfetch?: WebfetchConfig | undefined;
  /** Limits. */
  limits?: LimitsConfig | undefined;
  /** Deadlines. */
  timeouts?: TimeoutsConfig | undefined;
  /** Logging. */
  log?: LogConfig | undefined;
};

/** A provider. */
export type ProviderConfig = {
  /** Its wire format; known for the catalogue's own providers. */
  api?: (ApiConfig | null) | undefined;
  /** The URL that the format's path is appended to. */
  baseUrl?: (string | null) | undefined;
  /** The environment variable that holds the key. Without it no key is sent. */
  apiKeyEnv?: (string | null) | undefined;
  /** Headers to add to each request. */
  headers?: { [name: string]: string } | undefined;
  /** Whether the provider may keep responses, so that they can be continued. */
  store?: boolean | undefined;
  /** Merged into each request body. */
  options?: { [name: string]: unknown } | undefined;
  /** Models by id. */
  models?: { [name: string]: ModelConfig } | undefined;
};

/** A wire format. */
export type ApiConfig = ("responses" | "chat" | "anthropic");

/** A model; what is missing comes from the catalogue. */
export type ModelConfig = {
  /** Size of the window in tokens. */
  context?: (number | null) | undefined;
  /** The most it writes in one answer, in tokens. */
  maxOutput?: (number | null) | undefined;
  /** What it takes. */
  input?: (Array<InputKind> | null) | undefined;
  /** Prices in US dollars for a million tokens. */
  cost?: (CostConfig | null) | undefined;
  /** Merged into each request body. */
  options?: { [name: string]: unknown } | undefined;
};

/** What a model takes. */
export type InputKind = ("text" | "image");

/** What an ask becomes when nobody can be asked. */
export type HeadlessPermission = ("deny" | "allow");

/** When and how history is compacted. Sizes are in tokens. */
export type CompactionConfig = {
  /** Whether it happens by itself. */
  auto?: boolean | undefined;
  /** Whether old tool outputs become evidence. */
  prune?: boolean | undefined;
  /** Kept free beside the model's output. */
  reserved?: number | undefined;
  /** How much of the newest turns stays verbatim. */
  keepTokens?: number | undefined;
  /** How much of the newest tool outputs is never pruned. */
  protectTokens?: number | undefined;
};

/** An agent of the user's own, or changes to a built-in one. */
export type AgentConfig = {
  /** What it is for, in a line. */
  description?: (string | null) | undefined;
  /** The model that answers, as `provider/model`; the session's when missing. */
  model?: (string | null) | undefined;
  /** Its instructions, in place of the built-in ones. */
  prompt?: (string | null) | undefined;
  /** Rules that hold beside the ordinary ones. They can only narrow them. */
  permission?: { [name: string]: ("allow" | "ask" | "deny" | { [name: string]: "allow" | "ask" | "deny" }) } | undefined;
  /** The tools that it has, by name; all of them when missing. */
  tools?: (Array<string> | null) | undefined;
  /** Provider calls in one turn, at least 1; `limits.maxSteps` when missing. */
  maxSteps?: (number | null) | undefined;
};

/** A command of the user's own: typed as `/name`, it stands for a prompt. */
export type CommandConfig = {
  /** The prompt. `$1` to `$9` and `$ARGUMENTS` stand for what is typed behind the name. */
  template?: string | undefined;
  /** What it is for, in a line. */
  description?: (string | null) | undefined;
  /** The agent that answers it; the session's when missing. */
  agent?: (string | null) | undefined;
  /** The model that answers it, as `provider/model`; the agent's when missing. */
  model?: (string | null) | undefined;
};

/** Where skills are looked for. */
export type SkillsConfig = {
  /** Folders, beside `skills/` in the configuration directory and, in a trusted project, `.agentls/skills` and `.claude/skills`. Relative ones lie in the project. */
  paths?: Array<string> | undefined;
};

/** What holds commands that `bash` runs, where the system can hold them. */
export type SandboxConfig = {
  /** Whether commands run inside it. */
  enabled?: boolean | undefined;
  /** Whether commands inside it may use the network. */
  network?: boolean | undefined;
  /** Places beside the workspace that commands may write to: absolute paths, `~/…` is the home folder. */
  writable?: Array<string> | undefined;
};

/** Which environment variables children get, beside the core ones and never a provider's key. */
export type EnvironmentConfig = {
  /** Names of variables to hand on although their names speak of a secret. */
  pass?: Array<string> | undefined;
  /** Names of variables to keep back. */
  remove?: Array<string> | undefined;
};

/** What the tool `webfetch` may fetch, beside what `permission` says of it. */
export type WebfetchConfig = {
  /** Hosts that may be fetched although their addresses are private, as `localhost` or `*.internal`. */
  allow?: Array<string> | undefined;
  /** Hosts that are never fetched, as `example.com` or `*.example.com`. */
  deny?: Array<string> | undefined;
  /** The most that is read of an answer, in bytes. */
  maxBytes?: number | undefined;
  /** The longest that a fetch takes, redirects included, in milliseconds. */
  timeoutMs?: number | undefined;
};

/** Limits. */
export type LimitsConfig = {
  /** Provider calls in one turn. */
  maxSteps?: number | undefined;
  /** Size of an incoming frame in bytes: it must hold a prompt, and fit into memory. */
  frameBytes?: number | undefined;
};

/** Deadlines in milliseconds. */
export type TimeoutsConfig = {
  /** Until a connection stands. */
  connectMs?: number | undefined;
  /** Until the first event of an answer. */
  firstEventMs?: number | undefined;
  /** Between two events of an answer. */
  idleMs?: number | undefined;
  /** A whole turn. */
  turnMs?: number | undefined;
  /** All waiting between the attempts for one answer; more than 900,000 counts as that. */
  retryMs?: number | undefined;
};

/** Logging. */
export type LogConfig = {
  /** The least that is logged. */
  level?: LogLevel | undefined;
};

/** How much is logged: each level with all above it. */
export type LogLevel = ("off" | "error" | "warn" | "info" | "debug" | "trace");

/** What the server knows of itself. */
export type ServerStatus = {
  /** Its version. */
  version: string;
  /** Its process id. */
  pid: number;
  /** Since it was started. */
  uptimeMs: number;
  /** Memory in use, where the system tells. */
  rssBytes?: (number | null) | undefined;
  /** The database engine's version. */
  sqliteVersion: string;
  /** The database. */
  db: DatabaseStatus;
  /** Sessions in it. */
  sessions: SessionCounts;
  /** What waits. */
  queues: Queues;
  /** What holds the commands that tools run, unless a project's configuration says otherwise. */
  sandbox: Status2;
};

/** The database. */
export type DatabaseStatus = {
  /** Its file. */
  path: string;
  /** Its size. */
  bytes: number;
  /** Size of its write-ahead log. */
  walBytes: number;
};

/** Sessions. */
export type SessionCounts = {
  /** All. */
  total: number;
  /** Those with a turn in this process. */
  running: number;
};

/** What waits. */
export type Queues = {
  /** Bytes that the client has not read. */
  outgoingBytes: number;
};

/** What holds commands here. */
export type Status2 = ({
  kind: "landlock";
  /** Version of the kernel's interface: from 4 on it holds TCP, too. */
  abi: number;
} | {
  kind: "none";
  /** Why not. */
  reason: string;
});

/** `session/update`: something happened in a session. */
export type SessionUpdate = {
  /** Where. */
  sessionId: SessionId;
  /** Rises by one for each update of a session on this connection: a gap means that some were lost. */
  eventSeq: number;
  /** The turn it belongs to. */
  turnId?: (TurnId | null) | undefined;
  /** What. */
  update: Update;
};

/** What happened. */
export type Update = ({
  kind: "status";
  /** What it does. */
  status: Status;
  /** What it waits for, in words. */
  detail?: (string | null) | undefined;
  /** When the provider is called again. */
  retryAt?: (Timestamp | null) | undefined;
} | {
  kind: "message";
  /** It. */
  message: Message;
} | {
  kind: "part";
  /** It. */
  part: Part;
} | {
  kind: "partDelta";
  /** The message. */
  messageId: MessageId;
  /** The part. */
  partId: PartId;
  /** Which text of the part. */
  field: DeltaField;
  /** What was added. The last member: the outbox writes it when it is due. */
  text: string;
} | {
  kind: "usage";
  /** The session's sums. */
  usage: Usage;
  /** How full the model's window is. */
  context: ContextUse;
} | {
  kind: "compacted";
  /** Before. */
  before: number;
  /** After. */
  after: number;
  /** Calls whose evidence is sent in place of their results. */
  evidence: number;
  /** The newest summary's `seq`; 0 while there is none. */
  boundarySeq: Seq;
} | {
  kind: "title";
  /** It. */
  title: string;
} | {
  kind: "changes";
  /** The first user message that the turn answers. */
  messageId: MessageId;
  /** They. */
  files: Array<ListedFile>;
} | {
  kind: "todo";
  /** It. */
  items: Array<TodoItem>;
} | {
  kind: "queue";
  /** They. */
  prompts: Array<QueuedPrompt>;
} | {
  kind: "recovered";
  /** What, in one line. */
  note: string;
} | {
  kind: "error";
  /** Why. */
  error: MessageError;
});

/** The text of a part that grows. */
export type DeltaField = ("text" | "input" | "output");

/** How full the model's window is, in tokens. */
export type ContextUse = {
  /** In it. */
  used: number;
  /** Its size. */
  limit: number;
};

/** A changed file as a list shows it. */
export type ListedFile = {
  /** As a person reads it: relative to the session's working directory where it lies inside. */
  path: string;
  /** Its `file:` URI. */
  uri: string;
  /** What became of it. */
  status: FileStatus;
  /** Added lines. */
  additions: number;
  /** Removed lines. */
  deletions: number;
};

/** `session/didChange`: a session list changed. */
export type SessionDidChange = {
  /** The session. */
  sessionId: SessionId;
  /** How. */
  change: Change;
};

/** How a session list changed. */
export type Change = "created" | "updated" | "deleted" | "archived";

/** `project/didChange`: a project is another than before. */
export type ProjectDidChange = {
  /** All of it, as `project/get` answers it. */
  project: Project;
};

/** A question for permission as a client gets it. */
export type PermissionQuestion = {
  /** The session that asks. */
  sessionId: SessionId;
  /** Names this question. */
  permissionId: PermissionId;
  /** The tool that asks. */
  tool: string;
  /** What will happen. */
  title: string;
  /** Why it is asked. */
  reason: string;
  /** Its parts. */
  items: Array<Item>;
  /** Where the path leads. */
  path?: (PathQuestion | null) | undefined;
  /** What would change. */
  diff?: (string | null) | undefined;
  /** What holds the command while it runs, or that nothing does. */
  sandbox?: (string | null) | undefined;
  /** The answers to choose from. */
  options: Array<PermissionOption>;
};

/** A question for permission. */
export type PermissionId = string;

/** A part of what is asked. */
export type Item = {
  /** What a person reads. */
  label: string;
  /** The pattern that is stored when the person allows it for longer: matched like a configured rule. Empty when it can only be allowed once. */
  rule: string;
};

/** Where a path leads. */
export type PathQuestion = {
  /** As written, made absolute. */
  link: string;
  /** With every link followed. */
  target: string;
};

/** One answer that a person may choose. */
export type PermissionOption = {
  /** What the answer names. */
  id: string;
  /** What a person reads. */
  label: string;
  /** What choosing it means. */
  scope: Scope;
};

/** A person's answer to a question for permission. */
export type PermissionAnswer = {
  /** The option chosen. */
  optionId: string;
  /** The rules of the items it holds for; all of them when missing. */
  items?: (Array<string> | null) | undefined;
  /** What to do instead. */
  feedback?: (string | null) | undefined;
};

/** `session/askQuestion`: the model asks the person. */
export type AskQuestion = {
  /** The session that asks. */
  sessionId: SessionId;
  /** What is asked. */
  questions: Array<Question>;
};

/** A question of the model to the person. */
export type Question = {
  /** What is asked. */
  question: string;
  /** Answers to choose from; free text is always possible. */
  options?: Array<string> | undefined;
};

/** The answer to `session/askQuestion`. */
export type QuestionAnswers = {
  /** One for each question. */
  answers: Array<string>;
};
