// Generates src/protocol.ts (types of all methods) and schemas/config.schema.json (completion in the configuration's
// files) from the schema that the server prints. `--check` writes nothing and fails where they differ.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const SCHEMA = at('../../src/face/lsp/schema.json');
const reference = (schema) => schema.$ref.replace('#/$defs/', '');

/** A JSON Schema as a TypeScript type. */
export function typeOf(schema) {
  if (schema === true || Object.keys(schema).every((key) => ['description', 'default'].includes(key))) return 'unknown';
  const pieces = [];
  if (schema.$ref) pieces.push(reference(schema));
  if (schema.oneOf || schema.anyOf) pieces.push(`(${(schema.oneOf ?? schema.anyOf).map(typeOf).join(' | ')})`);
  if ('const' in schema) pieces.push(JSON.stringify(schema.const));
  else if (schema.enum) pieces.push(schema.enum.map((value) => JSON.stringify(value)).join(' | '));
  else if (schema.type && !(schema.$ref && !schema.properties)) pieces.push(typeOfKind(schema));
  return pieces.join(' & ');
}

function typeOfKind(schema) {
  const kinds = [schema.type].flat();
  const names = kinds.map((kind) => {
    if (kind === 'integer' || kind === 'number') return 'number';
    if (kind === 'array') return `Array<${typeOf(schema.items ?? true)}>`;
    return kind === 'object' ? objectOf(schema) : kind;
  });
  return names.length > 1 ? `(${names.join(' | ')})` : names[0];
}

function objectOf(schema) {
  const required = new Set(schema.required ?? []);
  const members = Object.entries(schema.properties ?? {}).map(([name, member]) => {
    const optional = required.has(name) ? '' : '?';
    return `${comment(member.description, '  ')}  ${name}${optional}: ${typeOf(member)}${optional && ' | undefined'};\n`;
  });
  if (schema.additionalProperties && members.length === 0) {
    return `{ [name: string]: ${typeOf(schema.additionalProperties)} }`;
  }
  if (schema.additionalProperties) members.push('  [key: string]: unknown;\n');
  return members.length === 0 ? '{ [name: string]: never }' : `{\n${members.join('')}}`;
}

function comment(text, indent = '') {
  return text ? `${indent}/** ${text.replace(/\s+/g, ' ').replaceAll('*/', '* /')} */\n` : '';
}

function table(name, about, methods) {
  const rows = Object.entries(methods).map(([method, { description, params, result }]) => {
    const answer = result ? ` result: ${typeOf(result)};` : '';
    return `${comment(description, '  ')}  '${method}': { params: ${typeOf(params)};${answer} };\n`;
  });
  return `/** ${about} */\nexport interface ${name} {\n${rows.join('')}}\n`;
}

function names(name, about, methods) {
  const list = Object.keys(methods)
    .map((method) => `  '${method}',\n`)
    .join('');
  return `/** ${about} */\nexport const ${name} = [\n${list}] as const;\n`;
}

/** The module with all types and tables. */
export function protocol(schema) {
  const types = Object.entries(schema.$defs).map(
    ([name, type]) => `${comment(type.description)}export type ${name} = ${typeOf(type)};\n`,
  );
  return [
    '// The protocol of agentls as types. Generated from `agentls schema` by scripts/protocol.mjs: do not edit.\n',
    `/** The version that these types describe. */\nexport const PROTOCOL_VERSION = ${schema.protocolVersion};\n`,
    table('Requests', 'Requests to the server.', schema.requests),
    names('REQUESTS', 'The names of the requests to the server.', schema.requests),
    table('Notifications', 'What the server tells.', schema.notifications),
    table('ServerRequests', 'What the server asks.', schema.serverRequests),
    ...types,
  ].join('\n');
}

/** The JSON Schema of configuration files: the merged configuration with everything optional. */
export function configuration(schema) {
  const definitions = {};
  const collect = (value) => {
    if (value === null || typeof value !== 'object') return;
    const name = value.$ref && reference(value);
    if (name && !definitions[name]) {
      definitions[name] = schema.$defs[name];
      collect(definitions[name]);
    }
    Object.values(value).forEach(collect);
  };
  const { description: _, ...root } = schema.$defs.Config;
  collect(root);
  const whole = { $schema: 'http://json-schema.org/draft-07/schema#', title: 'agentls', ...root, definitions };
  return JSON.stringify(whole, null, 2).replaceAll('#/$defs/', '#/definitions/') + '\n';
}

/** The generated files with their contents. */
export function generated() {
  const schema = JSON.parse(readFileSync(SCHEMA, 'utf8'));
  return [
    [at('src/protocol.ts'), protocol(schema)],
    [at('schemas/config.schema.json'), configuration(schema)],
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, content] of generated()) writeFileSync(path, content);
}
