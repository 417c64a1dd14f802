-- Making room in the window: first what it would win, then the question, then the act.

local measure = require('agentls.measure')
local methods = require('agentls.protocol').methods
local server = require('agentls.server')
local tell = require('agentls.tell')

local M = {}

---What a compaction would do, or did, in words.
---@param plan table result of `session/compact`
---@return string
function M.words(plan)
  local saved = plan.before - plan.after
  return ('%s → %s tokens (%s less), %d results as evidence'):format(
    measure.count(plan.before),
    measure.count(plan.after),
    measure.share(saved, plan.before),
    plan.evidence
  )
end

local function compact(session_id, instructions, done)
  local params = { sessionId = session_id, instructions = instructions ~= '' and instructions or nil }
  server.request(methods.session_compact, params, tell.or_else(function(result)
    tell.info('compacted: ' .. M.words(result))
    return done and done()
  end))
end

---Shows what would go, and compacts when the person says so.
---@param session_id string
---@param instructions string what the summary is to look after
---@param done function?
function M.ask(session_id, instructions, done)
  server.request(methods.session_compact, { sessionId = session_id, dryRun = true }, tell.or_else(function(plan)
    if plan.after >= plan.before then
      return tell.info(('nothing is to be won: %s tokens'):format(measure.count(plan.before)))
    end
    local choices = { 'Leave it as it is', 'Compact', 'Compact, and say what the summary must keep…' }
    vim.ui.select(choices, { prompt = 'Compact: ' .. M.words(plan) }, function(_, choice)
      if choice == 2 then
        compact(session_id, instructions, done)
      elseif choice == 3 then
        vim.ui.input({ prompt = 'The summary must keep: ', default = instructions }, function(words)
          if words then
            compact(session_id, words, done)
          end
        end)
      end
    end)
  end))
end

return M
