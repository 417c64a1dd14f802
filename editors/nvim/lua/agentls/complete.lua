-- Completion in the prompt: files and other context behind `@`, commands behind a `/` at the beginning.

local chats = require('agentls.chat')
local mention = require('agentls.mention')
local announced = require('agentls.announced')
local server = require('agentls.server')
local slash = require('agentls.slash')

local M = {}

local function item(word, menu)
  return { word = word, menu = menu, icase = 1 }
end

---Paths below the session's directory that begin with `base`.
local function paths(cwd, base)
  local root = vim.fn.fnameescape(cwd) .. '/'
  local items = {}
  for _, path in ipairs(vim.fn.getcompletion(root .. base, 'file')) do
    local relative = path:sub(#cwd + 2)
    items[#items + 1] = item(relative:find('%s') and ('@"%s"'):format(relative) or '@' .. relative, 'file')
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

-- Commands and skills of the project, by directory; read once for each chat.
local of_project = {}

---Reads what the project has, so that it is there when it is wanted.
local function read_project(cwd)
  if of_project[cwd] then
    return
  end
  of_project[cwd] = {}
  if server.supports(announced.command_list) then
    server.request(announced.command_list, { cwd = cwd }, function(failure, result)
      of_project[cwd] = not failure and result.commands or {}
    end)
  end
end

local function commands(cwd, base)
  local items = {}
  for name, about in vim.spairs(slash.commands) do
    if vim.startswith(name, base) then
      items[#items + 1] = item('/' .. name, about)
    end
  end
  for _, command in ipairs(of_project[cwd] or {}) do
    if vim.startswith(command.name, base) then
      items[#items + 1] = item('/' .. command.name, command.description or 'command of the project')
    end
  end
  return items
end

---What can stand at the end of `before`, and the column (from 1) where it begins.
---@param before string the line up to the cursor
---@param cwd string
---@param first boolean whether it is the prompt's first line
---@return integer? column, table[]? items
function M.items(before, cwd, first)
  local command = first and before:match('^/(%l*)$')
  if command then
    return 1, commands(cwd, command)
  end
  local start, base = before:match('()@([^%s"]*)$')
  if start and (start == 1 or before:sub(start - 1, start - 1):match('[%s(%[]')) then
    return start, mentions(cwd, base)
  end
end

local function at_cursor(chat)
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  return M.items(vim.api.nvim_get_current_line():sub(1, col), chat.session.cwd, row == 1)
end

---Shows the menu where something can be completed.
---@param chat agentls.Chat
function M.offer(chat)
  read_project(chat.session.cwd)
  if vim.fn.pumvisible() == 1 then
    return
  end
  local column, items = at_cursor(chat)
  if column and #items > 0 then
    vim.bo.completeopt = 'menuone,noselect,fuzzy'
    vim.fn.complete(column, items)
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
