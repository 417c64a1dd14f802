// Where the server's binary is: the setting, the one that came with the extension, the search path. Pure but for the
// questions it asks.

import { delimiter, join } from 'node:path';

export interface Place {
  configured: string;
  extensionPath: string;
  searchPath: string;
  platform: string;
  exists(path: string): boolean;
}

/** The binary to start, or nothing when there is none. */
export function findBinary(place: Place): string | undefined {
  const name = place.platform === 'win32' ? 'agentls.exe' : 'agentls';
  const configured = place.configured.trim();
  if (configured !== '') return place.exists(configured) ? configured : undefined;
  const bundled = join(place.extensionPath, 'server', name);
  const onPath = place.searchPath
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name));
  return [bundled, ...onPath].find((path) => place.exists(path));
}
