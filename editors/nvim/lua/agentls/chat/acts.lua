-- What the keys of a chat do.

local buffers = require('agentls.chat.buffers')
local call = require('agentls.render.call')
local clean = require('agentls.clean')
local history = require('agentls.chat.history')
local methods = require('agentls.protocol').methods
local server = require('agentls.server')
local tell = require('agentls.tell')
local windows = require('agentls.chat.windows')

local M = {}

---The block under the cursor.
local function here(chat)
  return chat.view:at(vim.fn.line('.'))
end

---The part under the cursor.
local function part_here(chat)
  local block = here(chat)
  return block and block.part_id and chat.transcript:part(block.part_id)
end

function M.toggle(chat)
  local part = part_here(chat)
  if part and part.type ~= 'text' or part and chat.transcript:message(part.messageId).summary then
    chat.view:toggle(part.id)
  end
end

local follow = {}

function follow.file(_, block)
  M.edit(vim.uri_to_fname(block.uri))
end

function follow.session(_, block)
  require('agentls.chat').open(block.session_id)
end

-- What stands below the newest message is a button where the server is not there any more.
function follow.foot(chat)
  if chat.view.down then
    require('agentls.command').run('start', '', chat)
  end
end

---A path with a line, as `src/a.lua:12`, under the cursor.
local function path_here(chat)
  local word = vim.fn.expand('<cWORD>'):gsub('^[%s`"\'(%[]+', ''):gsub('[%s`"\'),.;%]]+$', '')
  local path, line = word:match('^(.-):(%d+)')
  path = path or word
  for _, candidate in ipairs({ path, vim.fs.joinpath(chat.session.cwd, path) }) do
    if path ~= '' and vim.fn.filereadable(candidate) == 1 then
      return candidate, tonumber(line)
    end
  end
end

---Opens a file in a window that shows no view of ours.
function M.edit(path, line)
  for _, win in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    local buf = vim.api.nvim_win_get_buf(win)
    if vim.bo[buf].buftype == '' and vim.api.nvim_win_get_config(win).relative == '' then
      vim.api.nvim_set_current_win(win)
      vim.cmd.edit(vim.fn.fnameescape(path))
      return line and vim.api.nvim_win_set_cursor(0, { line, 0 })
    end
  end
  vim.cmd('topleft vertical new ' .. vim.fn.fnameescape(path))
  return line and vim.api.nvim_win_set_cursor(0, { line, 0 })
end

function M.goto_file(chat)
  local path, line = path_here(chat)
  local part = part_here(chat)
  if not path and part and part.type == 'tool' then
    local given = call.arguments(part).path
    path = given and vim.fs.joinpath(given:sub(1, 1) == '/' and '' or chat.session.cwd, given)
  end
  if not path or vim.fn.filereadable(path) == 0 then
    return tell.warn('there is no file here')
  end
  M.edit(path, line)
end

function M.enter(chat)
  local block = here(chat)
  if not block then
    return
  end
  if follow[block.action] then
    return follow[block.action](chat, block)
  elseif block.action == 'fold' then
    return M.toggle(chat)
  end
  local path, line = path_here(chat)
  if path then
    M.edit(path, line)
  end
end

---Calls `act` for each card that can be opened in the window.
local function each_card(chat, first, last, act)
  local seen = {}
  chat.view.painter.layout:between(first, last, function(block)
    if block.action == 'fold' and not seen[block.part_id] then
      seen[block.part_id] = true
      act(block.part_id)
    end
  end)
end

function M.open_all(chat)
  each_card(chat, vim.fn.line('w0') - 1, vim.fn.line('w$') - 1, function(part_id)
    chat.view:toggle(part_id, true)
  end)
end

function M.close_all(chat)
  each_card(chat, 0, vim.fn.line('$'), function(part_id)
    chat.view:toggle(part_id, false)
  end)
end

-- The language of what a tool prints.
local FILETYPES = { edit = 'diff', patch = 'diff' }

---Shows the whole of what stands under the cursor.
function M.whole(chat)
  local part = part_here(chat)
  if not part then
    return tell.warn('there is nothing more to show here')
  end
  local field = part.type == 'tool' and (part.tool == 'write' and 'input' or 'output') or 'text'
  if not part[field] then
    return tell.warn('there is nothing more to show here')
  end
  history.read(part.id, field, function(text)
    local filetype = part.type == 'tool' and (FILETYPES[part.tool] or 'agentls-output') or 'markdown'
    local buf = buffers.text('agentls://part ' .. part.id, clean.lines(text, 8000), filetype)
    windows.open_view(buf, true)
  end)
end

function M.diff(chat)
  local part = part_here(chat)
  if not part or part.type ~= 'tool' then
    return tell.warn('there is no edit here')
  end
  require('agentls.diff').of_call(chat, part)
end

---The lines on which prompts begin, ascending.
local function prompt_lines(chat)
  local lines = {}
  for _, message in ipairs(chat.transcript.messages) do
    if message.role == 'user' then
      lines[#lines + 1] = chat.view:line_of(message.id)
    end
  end
  return lines
end

function M.next_prompt(chat)
  local now = vim.fn.line('.')
  for _, line in ipairs(prompt_lines(chat)) do
    if line > now then
      return vim.api.nvim_win_set_cursor(0, { line, 0 })
    end
  end
  vim.cmd('normal! G')
end

function M.previous_prompt(chat)
  local now, best = vim.fn.line('.'), 1
  for _, line in ipairs(prompt_lines(chat)) do
    if line + 1 < now then
      best = line + 1
    end
  end
  vim.api.nvim_win_set_cursor(0, { best, 0 })
end

function M.prompt(chat)
  require('agentls.prompt').focus(chat)
end

function M.stop(chat)
  server.request(methods.session_cancel, { sessionId = chat.session.id }, tell.or_else(function(result)
    if not result.cancelled then
      tell.info('nothing is running')
    end
  end))
end

---Makes a session with the history up to the message under the cursor.
function M.fork(chat)
  local block = here(chat)
  require('agentls.sessions').fork(chat.session.id, block and block.message_id)
end

function M.hide(chat)
  windows.hide(chat)
end

return M
