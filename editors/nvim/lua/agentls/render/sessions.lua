-- The list of sessions as lines. Pure.

local block = require('agentls.render.block')
local clean = require('agentls.clean')
local measure = require('agentls.measure')
local symbols = require('agentls.symbols')

local M = {}

-- Each state with its sign and its group.
local STATES = {
  ['needs you'] = { 'waiting', 'AgentlsWaiting' },
  running = { 'running', 'AgentlsRunning' },
  retrying = { 'retry', 'AgentlsRetrying' },
  compacting = { 'running', 'AgentlsRunning' },
  failed = { 'error', 'AgentlsFailed' },
  interrupted = { 'error', 'AgentlsWaiting' },
  done = { 'completed', 'AgentlsCompleted' },
  new = { 'idle', 'AgentlsDim' },
}

---What a session is doing, in a word.
---@param session table
---@param activity agentls.Activity what is known from updates
---@return string
function M.state(session, activity)
  local status = activity.status or session.status
  if status == 'waiting' then
    return 'needs you'
  elseif status ~= 'idle' then
    return status
  end
  local last = session.lastTurn
  if activity.failed or (last and last.error) then
    return 'failed'
  elseif session.recovered or (last and last.stopReason == 'cancelled') then
    return 'interrupted'
  end
  return session.counts.messages > 0 and 'done' or 'new'
end

---Where a session works: its project by name, and the directory.
---@param project (fun(id: string): agentls.Project?)
local function place(session, project)
  local known = project(session.projectId)
  local name = known and clean.one_line(known.name, 40) .. ' ' or ''
  return ('  %s%s'):format(name, vim.fn.fnamemodify(clean.one_line(session.cwd, 60), ':~'))
end

---A session as pieces of a line.
local function pieces(session, activity, now, where)
  local state = M.state(session, activity)
  local sign, group = unpack(STATES[state])
  local age = measure.age(session.updatedAt, now)
  local tokens = measure.count(measure.tokens(session.usage)) .. ' tokens'
  return {
    { symbols[sign] .. ' ', group },
    { ('%-11s '):format(state), group },
    { ('%7s  %13s  %7s  '):format(age, tokens, measure.cost(session.usage.costUsd)), 'AgentlsDim' },
    { clean.one_line(session.title, 90), 'AgentlsTitle' },
    { where, 'AgentlsDim' },
  }
end

---A session in one line.
---@param project (fun(id: string): agentls.Project?)
---@return string
function M.line(session, activity, now, project)
  return (block.line(pieces(session, activity, now, place(session, project)), 0))
end

---@class agentls.SessionsShown
---@field now integer
---@field activity fun(id: string): agentls.Activity
---@field project fun(id: string): agentls.Project?
---@field archived boolean
---@field search string?
---@field cwd string? the directory whose sessions these are; all when missing
---@field more boolean whether there are further ones

---@param sessions table[]
---@param options agentls.SessionsShown
---@return agentls.Block[]
function M.blocks(sessions, options)
  local what = options.archived and 'Archived sessions' or 'Sessions'
  local where = options.cwd and ' in ' .. vim.fn.fnamemodify(clean.one_line(options.cwd, 100), ':~') or ', everywhere'
  local search = options.search and (' with “%s”'):format(clean.one_line(options.search, 60)) or ''
  local blocks = {
    block.of_pieces('heading', { { { what .. where .. search, 'AgentlsHeading' }, { '   ? keys', 'AgentlsDim' } }, { { '' } } }),
  }
  for _, session in ipairs(sessions) do
    local where_it_works = options.cwd and '' or place(session, options.project)
    local row = pieces(session, options.activity(session.id), options.now, where_it_works)
    blocks[#blocks + 1] = block.of_pieces('session', { row }, { session = session })
  end
  if #sessions == 0 then
    blocks[#blocks + 1] = block.of_pieces('note', { { { 'None. n begins one.', 'AgentlsDim' } } })
  end
  if options.more then
    blocks[#blocks + 1] = block.of_pieces('note', { { { '⋯ more: <CR>', 'AgentlsDim' } } }, { action = 'more' })
  end
  return blocks
end

return M
