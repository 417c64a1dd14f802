// What the server said of itself in `initialize`, and whether the two understand each other. Pure.

import { PROTOCOL_VERSION } from '../protocol';

export interface Announced {
  version: string;
  methods: ReadonlySet<string>;
}

/** What a server that we can talk to announced, or a sentence for a person. */
export function handshake(result: unknown): Announced | string {
  const { serverInfo, capabilities } = (result ?? {}) as {
    serverInfo?: { name?: unknown; version?: unknown };
    capabilities?: { experimental?: { agentls?: { protocolVersion?: unknown; methods?: unknown } } };
  };
  const ours = capabilities?.experimental?.agentls;
  const version = String(serverInfo?.version ?? 'of unknown version');
  if (!ours)
    return `The program that was started is not agentls: it calls itself “${String(serverInfo?.name ?? '?')}”.`;
  if (ours.protocolVersion !== PROTOCOL_VERSION) {
    return (
      `agentls ${version} speaks version ${String(ours.protocolVersion)} of the protocol, this extension version ` +
      `${PROTOCOL_VERSION}. Update the older one of the two.`
    );
  }
  const methods = Array.isArray(ours.methods) ? ours.methods.map(String) : [];
  return { version, methods: new Set(methods) };
}
