// Text of unknown origin, made safe to read: control and bidirectional characters become visible. Pure.
//
// What cannot be seen cannot be approved: a command whose characters are shown in another order than they run in is
// the oldest trick there is.

/** Bidirectional controls, zero-width and tag characters, byte-order marks. */
const HIDDEN = /[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;
/** C0 and C1 controls but for tab and line feed. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** The same text with everything hidden written out. Joiners between emoji stay: they hide nothing. */
export function visible(text: string): string {
  return text
    .replace(/\r\n/g, '\n')
    .replace(HIDDEN, (found, at: number) =>
      isJoiner(text, found, at) ? found : `⟨U+${hex(found.codePointAt(0) ?? 0)}⟩`,
    )
    .replace(CONTROL, (found) => {
      const code = found.charCodeAt(0);
      return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '␡' : `⟨U+${hex(code)}⟩`;
    });
}

/** On one line, cut to so many characters. */
export function line(text: string, most = 200): string {
  const flat = visible(text.slice(0, most * 4))
    .replace(/\s+/g, ' ')
    .trim();
  const characters = Array.from(flat);
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : flat;
}

/** For the editor's notices, in which `[words](command:…)` would be a link. */
export function linkless(text: string): string {
  return text.replaceAll('](', '] (');
}

/** For the editor's lists, in which `$(name)` would be an icon: of a command it would hide a part. */
export function iconless(text: string): string {
  return text.replaceAll('$(', '\\$(');
}

function isJoiner(text: string, found: string, at: number): boolean {
  return found === '\u200d' && /\p{Extended_Pictographic}\ufe0f?$/u.test(text.slice(Math.max(0, at - 4), at));
}

function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, '0');
}
