// Pictures that are pasted or dropped into the prompt.

import type { Attachment } from '../../bridge';
import { size } from '../../figures';

const KINDS = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];
const MOST_BYTES = 16 * 1024 * 1024;

/** The pictures among pasted or dropped things. */
export async function imagesIn(items: DataTransfer | null): Promise<Attachment[]> {
  const files = [...(items?.files ?? [])].filter(
    ({ type, size: bytes }) => KINDS.includes(type) && bytes <= MOST_BYTES,
  );
  return Promise.all(files.map(toAttachment));
}

async function toAttachment(file: File): Promise<Attachment> {
  const base64 = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ''));
    reader.onerror = () => reject(reader.error ?? new Error('The picture cannot be read.'));
    reader.readAsDataURL(file);
  });
  return { label: `${file.name || 'picture'} (${size(file.size)})`, part: { type: 'image', mime: file.type, base64 } };
}
