// What stands before the cursor in the prompt, as far as it calls for offers. Pure.

export interface Sign {
  sign: '@' | '/';
  query: string;
  /** Where the sign stands. */
  from: number;
}

/** `@…` at the beginning of a word; `/…` at the beginning of the prompt. */
export function signBefore(text: string, cursor: number): Sign | undefined {
  const before = text.slice(0, cursor);
  const found = /(?:^|\s)(@)([^\s@]{0,120})$/.exec(before) ?? /^(\/)([\w:.-]{0,80})$/.exec(before);
  if (!found) return undefined;
  const [, sign, query = ''] = found;
  return { sign: sign as '@' | '/', query, from: cursor - query.length - 1 };
}

/** The prompts of the history, newest first, without repetitions. */
export function history(prompts: string[]): string[] {
  return [
    ...new Set(
      prompts
        .map((prompt) => prompt.trim())
        .filter(Boolean)
        .reverse(),
    ),
  ];
}
