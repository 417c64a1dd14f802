-- What a person can set, its defaults, and what is wrong with what was set.
-- Knows nothing of the rest of the plugin.

local M = {}

---@class agentls.Settings
M.defaults = {
  -- How the server is started.
  cmd = { 'agentls', 'serve' },
  -- Handed to the server in `initialize`: `config` (the keys of its config file), `credentials` (keys by provider, or
  -- a function that returns them; never written anywhere), `trust` ('trusted' or 'untrusted', or a function that says
  -- so of a folder).
  server = {},
  -- Start the server with Neovim. Otherwise the first command starts it.
  autostart = false,
  -- Start a server that died again, at most three times in five minutes.
  restart = true,
  -- Global mappings behind this prefix, such as '<leader>a'. None are made without it.
  prefix = false,
  chat = {
    -- Where a chat opens: 'right', 'left', 'bottom', 'tab' or 'current'.
    position = 'right',
    -- Its share of the screen.
    size = 0.45,
    -- Lines of the prompt below it.
    prompt_lines = 5,
    -- Whether reasoning and tool output are shown without being opened.
    unfolded = false,
    -- Lines of a tool's output that an opened card shows; the rest opens in a buffer of its own.
    output_lines = 20,
  },
  permission = {
    -- How long a question ignores keys once it has the cursor, in milliseconds.
    guard = 500,
    -- Move the cursor into a question that appears while its chat has the cursor in normal mode.
    focus = true,
  },
  -- Write a buffer after the agent edited it, if it had no unsaved changes before.
  save_edited = true,
  -- Pictograms: false for plain ASCII.
  symbols = true,
}

local current = vim.deepcopy(M.defaults)

local function is_command(value)
  return type(value) == 'table' and type(value[1]) == 'string'
end

local function one_of(...)
  local allowed = { ... }
  return function(value)
    return vim.list_contains(allowed, value)
  end, table.concat(allowed, ', ')
end

local function validate(opts)
  local function check(name, value, kind, message)
    vim.validate('agentls: ' .. name, value, kind, message)
  end
  check('cmd', opts.cmd, is_command, 'a list that begins with a program')
  check('server', opts.server, 'table')
  check('server.trust', opts.server.trust, function(value)
    return value == nil or value == 'trusted' or value == 'untrusted' or type(value) == 'function'
  end, "'trusted', 'untrusted' or a function")
  for _, name in ipairs({ 'autostart', 'restart', 'save_edited', 'symbols' }) do
    check(name, opts[name], 'boolean')
  end
  check('prefix', opts.prefix, function(value)
    return value == false or type(value) == 'string'
  end, 'a string or false')
  check('chat.position', opts.chat.position, one_of('right', 'left', 'bottom', 'tab', 'current'))
  check('chat.size', opts.chat.size, function(value)
    return type(value) == 'number' and value > 0 and value < 1
  end, 'a number between 0 and 1')
  check('chat.prompt_lines', opts.chat.prompt_lines, 'number')
  check('chat.unfolded', opts.chat.unfolded, 'boolean')
  check('chat.output_lines', opts.chat.output_lines, 'number')
  check('permission.guard', opts.permission.guard, 'number')
  check('permission.focus', opts.permission.focus, 'boolean')
end

---Names in `given` that mean nothing, as dotted paths.
local function unknown_names(given, known, at)
  local found = {}
  for name, value in pairs(given) do
    local path = at .. tostring(name)
    if known[name] == nil then
      found[#found + 1] = path
    elseif path ~= 'server' and type(known[name]) == 'table' and not vim.islist(known[name]) then
      if type(value) == 'table' then
        vim.list_extend(found, unknown_names(value, known[name], path .. '.'))
      end
    end
  end
  table.sort(found)
  return found
end

---Takes over what a person set. Raises an error that names what is wrong.
---@param given table?
function M.set(given)
  given = given or {}
  local unknown = unknown_names(given, M.defaults, '')
  if #unknown > 0 then
    error('agentls: there is no setting ' .. table.concat(unknown, ', ') .. ' (see :help agentls-settings)', 0)
  end
  local wanted = vim.tbl_deep_extend('force', vim.deepcopy(M.defaults), given)
  validate(wanted)
  current = wanted
end

---@return agentls.Settings
function M.get()
  return current
end

return M
