-- Makes lua/agentls/protocol.lua from what `agentls schema` prints.
--
--   nvim -l scripts/protocol.lua [path of schema.json] [where to write]
--
-- Without a path it reads the committed schema of this repository. A test fails when the two drift.

local here = vim.fs.dirname(vim.fs.normalize(vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p')))
local source = _G.arg[1] or vim.fs.joinpath(here, '../../../src/face/lsp/schema.json')
local target = _G.arg[2] or vim.fs.joinpath(here, '../lua/agentls/protocol.lua')

---A Lua name for a method: `session/nextRequest` becomes `session_next_request`.
local function lua_name(method)
  return (method:gsub('(%l)(%u)', '%1_%2'):gsub('/', '_'):lower())
end

local function names(section)
  local sorted = vim.tbl_keys(section)
  table.sort(sorted)
  return sorted
end

local function write_table(lines, name, about, section)
  vim.list_extend(lines, { '', '-- ' .. about, ('M.%s = {'):format(name) })
  for _, method in ipairs(names(section)) do
    lines[#lines + 1] = ("  %s = '%s',"):format(lua_name(method), method)
  end
  lines[#lines + 1] = '}'
end

---The kinds of `session/update`, as the schema lists them.
local function update_kinds(schema)
  local kinds = {}
  for _, variant in ipairs(schema['$defs'].Update.oneOf) do
    kinds[variant.properties.kind.const] = true
  end
  return kinds
end

local schema = vim.json.decode(table.concat(vim.fn.readfile(source), '\n'))
local lines = {
  '-- The names of the protocol. Made by scripts/protocol.lua from the schema of the server; not edited by hand.',
  '',
  'local M = {}',
  '',
  ('M.version = %d'):format(schema.protocolVersion),
}
write_table(lines, 'methods', 'Requests that the server answers.', schema.requests)
write_table(lines, 'notifications', 'What the server tells without being asked.', schema.notifications)
write_table(lines, 'questions', 'What the server asks the editor.', schema.serverRequests)
write_table(lines, 'updates', 'The kinds of `session/update`.', update_kinds(schema))
vim.list_extend(lines, { '', 'return M', '' })
local file = assert(io.open(target, 'w'))
file:write(table.concat(lines, '\n'))
file:close()
