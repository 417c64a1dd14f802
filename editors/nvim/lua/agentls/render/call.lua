-- What a tool call says for a person: one line of what it does, and what it did as lines of a language.
-- Pure.

local clean = require('agentls.clean')

local M = {}

-- The parameter that says most of a call, by what is looked for first.
local TELLING = { 'command', 'path', 'pattern', 'ref', 'url', 'name', 'title' }

---The arguments of a call; none while the model is still writing them, or where only their beginning is known.
---@return table
function M.arguments(part)
  if part.input.text == '' or part.input.truncated then
    return {}
  end
  local ok, arguments = pcall(vim.json.decode, part.input.text, { luanil = { object = true, array = true } })
  return ok and type(arguments) == 'table' and arguments or {}
end

---A string parameter out of JSON that is not complete.
local function begun(json, name)
  local value = json:match('"' .. name .. '"%s*:%s*"(.-[^\\])"') or json:match('"' .. name .. '"%s*:%s*"([^"]*)$')
  return value and value:gsub('\\n', ' '):gsub('\\(.)', '%1') or nil
end

---One line: what the call does.
---@return string
function M.title(part)
  if part.title and part.title ~= '' then
    return clean.one_line(part.title)
  end
  local arguments = M.arguments(part)
  if type(arguments.items) == 'table' then
    return ('%d items'):format(#arguments.items)
  end
  for _, name in ipairs(TELLING) do
    local value = arguments[name] or begun(part.input.text, name)
    if type(value) == 'string' then
      return clean.one_line(value)
    end
  end
  return ''
end

---A replacement as a diff.
local function replacement(arguments)
  local old, new = arguments.oldText, arguments.newText
  if type(old) ~= 'string' or type(new) ~= 'string' then
    return nil
  end
  local function ended(text)
    return text:sub(-1) == '\n' and text or text .. '\n'
  end
  local diff = vim.diff(ended(old), ended(new), { ctxlen = 3 })
  return diff:gsub('^@@[^\n]*\n', ''):gsub('\n@@[^\n]*', '\n⋯')
end

local shown = {}

function shown.edit(arguments)
  return replacement(arguments), 'diff'
end

function shown.patch(arguments)
  return arguments.patch, 'diff'
end

function shown.write(arguments)
  local content = arguments.content
  if type(content) == 'string' then
    return '+' .. content:gsub('\n$', ''):gsub('\n', '\n+'), 'diff'
  end
end

---What the call did: text and the language it is in. The output where the tool has nothing better to show.
---@return string text, string? lang
function M.shown(part)
  local show = shown[part.tool]
  if show and part.status ~= 'error' then
    local text, lang = show(M.arguments(part))
    if type(text) == 'string' and text ~= '' then
      return text, lang
    end
  end
  return part.output and part.output.text or ''
end

---Whether what `shown` needs is only there in part: `part/read` has the rest of this field.
---@return string? field
function M.missing(part)
  if shown[part.tool] and part.input.truncated then
    return 'input'
  end
  if not shown[part.tool] and part.output and part.output.truncated then
    return 'output'
  end
end

---How long it took, or takes, in milliseconds.
---@param now integer
function M.duration(part, now)
  if not part.startedAt then
    return nil
  end
  return math.max(0, (part.endedAt or now) - part.startedAt)
end

return M
