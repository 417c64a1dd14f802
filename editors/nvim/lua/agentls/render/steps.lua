-- The ledger of provider calls as a table of lines. Pure.

local block = require('agentls.render.block')
local clean = require('agentls.clean')
local measure = require('agentls.measure')

local M = {}

local COLUMNS = '%5s  %10s  %6s  %-22s  %8s  %8s  %8s  %8s  %8s  %-10s'

local function row(step)
  local how = step.threading .. ', ' .. step.threadingReason
  return COLUMNS:format(
    step.seq,
    measure.bytes(step.requestBytes),
    step.inputItems,
    clean.one_line(how, 22),
    measure.count(step.input),
    measure.count(step.cacheRead),
    measure.count(step.output),
    measure.cost(step.costUsd),
    measure.duration(step.durationMs),
    clean.one_line(step.finish, 20)
  )
end

---What is unusual about a call.
local function notes(step)
  local words = {}
  if step.cacheMiss then
    words[#words + 1] = 'cache miss: ' .. clean.one_line(tostring(step.cacheMiss), 100)
  end
  if step.retries > 0 then
    words[#words + 1] = ('after %d failed'):format(step.retries)
  end
  return #words > 0 and '       ' .. table.concat(words, '; ') or nil
end

---@param steps table[] result of `session/steps`
---@return agentls.Block[]
function M.blocks(steps)
  local head = COLUMNS:format('step', 'upload', 'items', 'sent', 'input', 'cached', 'output', 'cost', 'took', 'end')
  local blocks = {
    block.of_pieces('heading', { { { 'The ledger: each call of the provider', 'AgentlsHeading' } }, { { '' } }, { { head, 'AgentlsDim' } } }),
  }
  for _, step in ipairs(steps) do
    local rows = { { { row(step), step.finish == 'error' and 'AgentlsFailed' or nil } } }
    local noted = notes(step)
    if noted then
      rows[2] = { { noted, 'AgentlsWaiting' } }
    end
    blocks[#blocks + 1] = block.of_pieces('step', rows)
  end
  if #steps == 0 then
    blocks[#blocks + 1] = block.of_pieces('note', { { { 'No call yet.', 'AgentlsDim' } } })
  end
  return blocks
end

return M
