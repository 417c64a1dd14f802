-- What the sessions of this server do right now, for badges and the statusline. Known from updates only.

local measure = require('agentls.measure')
local symbols = require('agentls.symbols')

local M = {}

---@class agentls.Activity
---@field status string?
---@field failed boolean? whether its last turn failed
---@field context { used: integer, limit: integer }?

local sessions = {} ---@type table<string, agentls.Activity>

---Takes a `session/update`.
function M.update(params)
  local one = sessions[params.sessionId] or {}
  sessions[params.sessionId] = one
  local update = params.update
  if update.kind == 'status' then
    one.status = update.status
    if update.status == 'running' then
      one.failed = false
    end
    vim.cmd.redrawstatus({ bang = true })
  elseif update.kind == 'error' then
    one.failed = true
  elseif update.kind == 'usage' then
    one.context = update.context
  end
end

---The server ended: nothing runs any more.
function M.forget()
  sessions = {}
end

---@param session_id string
---@return agentls.Activity
function M.of(session_id)
  return sessions[session_id] or {}
end

---How many sessions run, and how many wait for a person.
---@return integer running, integer waiting
function M.counts()
  local running, waiting = 0, 0
  for _, one in pairs(sessions) do
    if one.status == 'waiting' then
      waiting = waiting + 1
    elseif one.status and one.status ~= 'idle' then
      running = running + 1
    end
  end
  return running, waiting
end

---A few characters for a statusline: what runs, what needs the person, how full the window of the newest chat is.
---@return string
function M.statusline()
  local phase = require('agentls.server').state()
  if phase == 'failed' then
    return symbols.error .. ' agentls'
  elseif phase ~= 'running' then
    return ''
  end
  local running, waiting = M.counts()
  local words = {}
  if waiting > 0 then
    words[#words + 1] = ('%s %d need%s you'):format(symbols.waiting, waiting, waiting == 1 and 's' or '')
  end
  if running > 0 then
    words[#words + 1] = ('%s %d running'):format(symbols.running, running)
  end
  local chat = require('agentls.chat').current()
  local context = chat and chat.transcript.context
  if context and context.limit > 0 then
    words[#words + 1] = measure.share(context.used, context.limit):gsub(' %%', '%%%%')
  end
  return #words > 0 and 'agentls ' .. table.concat(words, ' ') or 'agentls'
end

return M
