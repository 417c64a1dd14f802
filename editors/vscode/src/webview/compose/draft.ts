// What is written and not sent. It is kept with the page, so that it is there again when the view was hidden or the
// window was loaded anew. Pure.

import type { Attachment } from '../../bridge';

export interface Draft {
  text: string;
  attachments: Attachment[];
}

/** More than this is not kept: a large picture is copied with every change. */
const MOST_CHARACTERS = 2_000_000;
/** Copied without anybody noticing, key by key. */
const SHORT = 20_000;

/** As much of a draft as is kept: the words first, then what goes with them as far as there is room. */
export function keptOf({ text, attachments }: Draft): Draft {
  let room = MOST_CHARACTERS - text.length;
  const kept = attachments.filter((attachment) => {
    const fits = lengthOf(attachment) <= room;
    if (fits) room -= lengthOf(attachment);
    return fits;
  });
  return { text: text.slice(0, MOST_CHARACTERS), attachments: kept };
}

export function isLong({ text, attachments }: Draft): boolean {
  return attachments.reduce((sum, attachment) => sum + lengthOf(attachment), text.length) > SHORT;
}

/** The draft in what was kept, whichever version of the extension kept it. */
export function draftOf(kept: unknown): Draft {
  const { text, attachments } = (kept ?? {}) as Partial<Record<keyof Draft, unknown>>;
  return {
    text: typeof text === 'string' ? text : '',
    attachments: Array.isArray(attachments) ? attachments.filter(isAttachment) : [],
  };
}

function isAttachment(value: unknown): value is Attachment {
  const { label, part } = (value ?? {}) as Partial<Record<keyof Attachment, unknown>>;
  return typeof label === 'string' && typeof (part as { type?: unknown } | undefined)?.type === 'string';
}

function lengthOf({ label, part }: Attachment): number {
  const content = part.type === 'image' ? part.base64 : part.text;
  return label.length + (content?.length ?? 0);
}
