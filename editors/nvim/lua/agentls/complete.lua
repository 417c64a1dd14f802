-- Completion in the prompt: files and other context behind `@`, commands behind a `/` at the beginning.

local chats = require('agentls.chat')
local clean = require('agentls.clean')
local mention = require('agentls.mention')
local methods = require('agentls.protocol').methods
local server = require('agentls.server')
local slash = require('agentls.slash')

local M = {}

---What is put into the prompt, and what is shown of it.
local function item(word, menu)
  return { word = word, abbr = clean.one_line(word, 120), menu = menu, icase = 1 }
end

---Paths below the session's directory that begin with `base`.
local function paths(cwd, base)
  local root = vim.fn.fnameescape(cwd) .. '/'
  local items = {}
  for _, path in ipairs(vim.fn.getcompletion(root .. base, 'file')) do
    local relative = path:sub(#cwd + 2)
    -- A name with a line break cannot be written into a prompt.
    if not relative:find('%c') then
      items[#items + 1] = item(relative:find('%s') and ('@"%s"'):format(relative) or '@' .. relative, 'file')
    end
  end
  return items
end

local function mentions(cwd, base)
  local items = {}
  for _, one in ipairs(mention.special) do
    if vim.startswith(one[1], base) then
      items[#items + 1] = item('@' .. one[1], one[2])
    end
  end
  return vim.list_extend(items, paths(cwd, base))
end

---What a command of the server says of itself in the menu.
local function about(command)
  local mistake = (command.mistakes or {})[1]
  if mistake then
    return 'has a mistake: ' .. clean.one_line(mistake, 80)
  end
  local hint = command.argumentHint and clean.one_line(command.argumentHint, 40) .. '  ' or ''
  return hint .. clean.one_line(command.description, 80)
end

---Commands that begin with `base`: those of the server that ours do not hide, then ours.
local function commands(listed, base)
  local items = {}
  for _, command in ipairs(listed) do
    if vim.startswith(command.name, base) and not slash.commands[command.name] then
      items[#items + 1] = item('/' .. clean.one_line(command.name, 60), about(command))
    end
  end
  for name, what in vim.spairs(slash.commands) do
    if vim.startswith(name, base) then
      items[#items + 1] = item('/' .. name, what)
    end
  end
  return items
end

---What can stand at the end of `before`, and the column (from 1) where it begins.
---@param before string the line up to the cursor
---@param cwd string
---@param listed table[]? commands of the server; nothing where none can stand
---@return integer? column, table[]? items
function M.items(before, cwd, listed)
  local command = listed and before:match('^/(%S*)$')
  if command then
    return 1, commands(listed, command)
  end
  local start, base = before:match('()@([^%s"]*)$')
  if start and (start == 1 or before:sub(start - 1, start - 1):match('[%s(%[]')) then
    return start, mentions(cwd, base)
  end
end

local function at_cursor(chat)
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  local listed = row == 1 and (chat.commands or {}) or nil
  return M.items(vim.api.nvim_get_current_line():sub(1, col), chat.session.cwd, listed)
end

---Shows the menu where something can be completed.
---@param chat agentls.Chat
local function show_menu(chat)
  local column, items = at_cursor(chat)
  if column and #items > 0 then
    vim.bo.completeopt = 'menuone,noselect,fuzzy'
    vim.fn.complete(column, items)
  end
end

---Reads the commands of the server anew, and shows them where they are still wanted.
local function read_commands(chat)
  server.request(methods.command_list, { cwd = chat.session.cwd }, function(failure, result)
    chat.commands = not failure and result.commands or {}
    local here = vim.api.nvim_get_current_buf() == chat.prompt_buf and vim.api.nvim_get_mode().mode:match('^i')
    if here and #chat.commands > 0 then
      show_menu(chat)
    end
  end)
end

---Shows the menu where something can be completed, while a prompt is written.
---@param chat agentls.Chat
function M.offer(chat)
  local slashed = vim.startswith(vim.api.nvim_buf_get_lines(chat.prompt_buf, 0, 1, false)[1], '/')
  if slashed and not chat.slashed then
    read_commands(chat)
  end
  chat.slashed = slashed
  if vim.fn.pumvisible() == 0 then
    show_menu(chat)
  end
end

---For 'omnifunc'.
function M.omnifunc(find_start)
  local chat = chats.current()
  local column, items = at_cursor(assert(chat))
  if find_start == 1 then
    return column and column - 1 or -3
  end
  return items or {}
end

return M
