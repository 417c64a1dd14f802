// Colours in code: highlight.js with the languages that people use most. Too long a block stays plain.

import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import cpp from 'highlight.js/lib/languages/cpp';
import csharp from 'highlight.js/lib/languages/csharp';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import go from 'highlight.js/lib/languages/go';
import ini from 'highlight.js/lib/languages/ini';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import kotlin from 'highlight.js/lib/languages/kotlin';
import lua from 'highlight.js/lib/languages/lua';
import php from 'highlight.js/lib/languages/php';
import python from 'highlight.js/lib/languages/python';
import ruby from 'highlight.js/lib/languages/ruby';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import swift from 'highlight.js/lib/languages/swift';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';

const LANGUAGES = {
  bash,
  c,
  cpp,
  csharp,
  css,
  diff,
  go,
  ini,
  java,
  javascript,
  json,
  kotlin,
  lua,
  php,
  python,
  ruby,
  rust,
  sql,
  swift,
  typescript,
  xml,
  yaml,
};
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);

const MOST_CHARACTERS = 20_000;
/** A highlighter's expressions are slow on lines that nobody reads. */
const LONGEST_LINE = 2_000;

/** HTML with classes, or an empty text where the code is to stay plain. */
export function highlight(code: string, language: string): string {
  const name = language.toLowerCase();
  if (code.length > MOST_CHARACTERS || !hljs.getLanguage(name) || hasLongLine(code)) return '';
  return hljs.highlight(code, { language: name, ignoreIllegals: true }).value;
}

function hasLongLine(code: string): boolean {
  let from = 0;
  for (let at = code.indexOf('\n'); ; at = code.indexOf('\n', from)) {
    const end = at < 0 ? code.length : at;
    if (end - from > LONGEST_LINE) return true;
    if (at < 0) return false;
    from = at + 1;
  }
}
