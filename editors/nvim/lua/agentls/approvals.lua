-- `:Agentls permissions`: what was allowed for longer than once, and taking it back.

local clean = require('agentls.clean')
local measure = require('agentls.measure')
local methods = require('agentls.protocol').methods
local server = require('agentls.server')
local tell = require('agentls.tell')

local M = {}

local SCOPES = { session = 'this session', project = 'this project' }

---An approval as a line.
---@param approval table an entry of `permission/list`
---@param now integer
---@return string
function M.line(approval, now)
  local tool, rule = clean.one_line(approval.tool, 40), clean.one_line(approval.rule, 200)
  local scope = SCOPES[approval.scope] or clean.one_line(approval.scope, 20)
  return ('%s  %s  (for %s, %s)'):format(tool, rule, scope, measure.age(approval.createdAt, now))
end

local function revoke(chat, approval)
  local params = { sessionId = chat.session.id, approvalId = approval.approvalId }
  server.request(methods.permission_revoke, params, tell.or_else(function(result)
    if result.revoked then
      tell.info(('asked again from now on: %s %s'):format(approval.tool, approval.rule))
    else
      tell.info('it was taken back already')
    end
  end))
end

local function confirm(chat, approval)
  local prompt = clean.one_line(approval.tool .. ' ' .. approval.rule, 80)
  vim.ui.select({ 'Keep it', 'Take it back' }, { prompt = prompt }, function(_, choice)
    if choice == 2 then
      revoke(chat, approval)
    end
  end)
end

---Chooses one of what is allowed, and takes it back when the person says so.
---@param chat agentls.Chat
function M.choose(chat)
  server.request(methods.permission_list, { sessionId = chat.session.id }, tell.or_else(function(result)
    if #result.approvals == 0 then
      return tell.info('nothing is allowed for longer than once')
    end
    local now = require('agentls.chat.view').now()
    local options = {
      prompt = 'Allowed for longer than once',
      kind = 'agentls-approval',
      format_item = function(approval)
        return M.line(approval, now)
      end,
    }
    vim.ui.select(result.approvals, options, function(approval)
      if approval then
        confirm(chat, approval)
      end
    end)
  end))
end

return M
