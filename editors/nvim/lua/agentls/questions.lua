-- What the server asks the person, until it is answered or the turn goes on without it. One is shown at a time, that of
-- the chat that the person is in before those of others.

local asked = require('agentls.protocol').questions
local chats = require('agentls.chat')
local clean = require('agentls.clean')
local settings = require('agentls.settings')
local tell = require('agentls.tell')

local M = {}

---@class agentls.Asked
---@field method string
---@field params table
---@field reply fun(answer: table?)
---@field hidden fun() called when the person has put the question aside
---@field view { close: fun(), focus: fun(), visible: fun(): boolean }?

local open = {} ---@type agentls.Asked[] oldest first

local function view_of(method)
  return method == asked.session_request_permission and require('agentls.permission') or require('agentls.choices')
end

---Whether the cursor may move into a question of this session without disturbing anybody.
local function may_focus(session_id)
  local chat = chats.of(session_id)
  local here = vim.api.nvim_get_current_buf()
  return settings.get().permission.focus
    and vim.api.nvim_get_mode().mode == 'n'
    and chat ~= nil
    and (here == chat.buf or here == chat.prompt_buf)
end

---The oldest question that `fits`; one of the chat that the person is in before those of others.
---@param fits fun(question: agentls.Asked): boolean
---@return agentls.Asked?
local function first(fits)
  local chat = chats.current()
  local oldest
  for _, question in ipairs(open) do
    if fits(question) then
      if chat and question.params.sessionId == chat.session.id then
        return question
      end
      oldest = oldest or question
    end
  end
  return oldest
end

---Shows what was not shown yet, unless something is asked already.
local function show_next()
  local busy = vim.iter(open):any(function(question)
    return question.view ~= nil and question.view.visible()
  end)
  local next_one = not busy and first(function(question)
    return question.view == nil
  end)
  if next_one then
    next_one.view = view_of(next_one.method).show(next_one, may_focus(next_one.params.sessionId))
  end
end

---Takes a question away, answered or not.
---@param question agentls.Asked
local function remove(question)
  for at, other in ipairs(open) do
    if other == question then
      table.remove(open, at)
    end
  end
  if question.view then
    question.view.close()
    question.view = nil
  end
  vim.cmd.redrawstatus({ bang = true })
  show_next()
end

---Takes a question of the server.
---@param method string
---@param params table
---@param reply fun(answer: table?)
function M.take(method, params, reply)
  local question = { method = method, params = params, hidden = show_next }
  question.reply = function(answer)
    remove(question)
    reply(answer)
  end
  table.insert(open, question)
  if not chats.of(params.sessionId) then
    local what = clean.one_line(params.title or (params.questions[1] or {}).question, 80)
    tell.warn(('a session needs you: %s (:Agentls answer)'):format(what))
  end
  vim.cmd.redrawstatus({ bang = true })
  show_next()
end

---The session does something: if it does not wait for a person any more, its questions are gone.
---@param session_id string
---@param status string
function M.status(session_id, status)
  if status == 'waiting' then
    return
  end
  for _, question in ipairs(vim.list_slice(open)) do
    if question.params.sessionId == session_id then
      question.reply(nil)
    end
  end
end

---Nobody waits for answers any more.
function M.drop_all()
  for _, question in ipairs(vim.list_slice(open)) do
    question.reply(nil)
  end
end

---Moves the cursor to an open question.
function M.focus()
  local question = first(function()
    return true
  end)
  if not question then
    return tell.info('nothing is asked')
  end
  question.view = question.view or view_of(question.method).show(question, true)
  question.view.focus()
end

---How many questions wait, of a session or of all.
---@param session_id string?
function M.count(session_id)
  local count = 0
  for _, question in ipairs(open) do
    if not session_id or question.params.sessionId == session_id then
      count = count + 1
    end
  end
  return count
end

return M
