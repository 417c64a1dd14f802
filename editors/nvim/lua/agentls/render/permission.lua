-- A question for permission as lines: what will happen, why it is asked, its parts, what would change, the answers.
-- Whether a workspace is trusted is asked in the same way, by a tool of that name. Pure.

local block = require('agentls.render.block')
local clean = require('agentls.clean')

local M = {}

-- Two keys for each answer: no single key, and no key that is typed in passing, allows or refuses anything.
M.KEYS = { once = 'yo', session = 'ys', project = 'yp', never = 'nn' }
M.FEEDBACK_KEY = 'nf'

-- The tool that asks whether a workspace is trusted.
M.WORKSPACE = 'workspace'

-- What that means, for who meets it for the first time.
local ABOUT_TRUST = {
  'Until you trust it, the agent looks at files and answers; it changes nothing and runs nothing.',
  'Trust holds for this folder as it is now: when one of these changes, you are asked again.',
}

local function title_rows(question)
  local rows = {}
  for _, line in ipairs(clean.lines(question.title, 4000)) do
    rows[#rows + 1] = { { line, 'AgentlsQuestionTitle' } }
  end
  rows[#rows + 1] = { { clean.one_line(question.reason), 'AgentlsDim' } }
  return rows
end

---What trusting means; only where that is what is asked.
local function trust_rows(question)
  local rows = {}
  for _, line in ipairs(question.tool == M.WORKSPACE and ABOUT_TRUST or {}) do
    rows[#rows + 1] = { { line, 'AgentlsNote' } }
  end
  return rows
end

---What the system holds a command back from, or that it does not.
local function sandbox_rows(question)
  if not question.sandbox then
    return {}
  end
  return { { { clean.one_line(question.sandbox, 1000), 'AgentlsNote' } } }
end

---Where a link leads.
local function path_rows(question)
  local path = question.path
  if not path then
    return {}
  end
  return {
    { { '' } },
    { { 'written  ', 'AgentlsDim' }, { clean.one_line(path.link, 1000) } },
    { { 'leads to ', 'AgentlsDim' }, { clean.one_line(path.target, 1000), 'AgentlsWaiting' } },
  }
end

---The parts, with a box for each that can be allowed for longer.
local function item_rows(question, ticked)
  local rows = { { { '' } } }
  if question.tool == M.WORKSPACE and #question.items > 0 then
    rows[2] = { { 'It would enable', 'AgentlsHeading' } }
  end
  for at, item in ipairs(question.items) do
    local box = item.rule == '' and '    ' or (ticked[at] and '[x] ' or '[ ] ')
    local rule = (item.rule ~= '' and item.rule ~= item.label) and ('   as ' .. clean.one_line(item.rule, 200)) or ''
    rows[#rows + 1] = { { box, 'AgentlsKey' }, { clean.line((item.label:gsub('\n', '⏎')), 4000) }, { rule, 'AgentlsDim' }, item = at }
  end
  return rows
end

local SIGNS = { ['+'] = 'AgentlsAdded', ['-'] = 'AgentlsRemoved', ['@'] = 'AgentlsDiffHunk' }

local function diff_rows(question)
  if not question.diff then
    return {}
  end
  local rows = { { { '' } } }
  for _, line in ipairs(clean.lines(question.diff)) do
    rows[#rows + 1] = { { line, SIGNS[line:sub(1, 1)] } }
  end
  return rows
end

local function answer_rows(question)
  local rows = { { { '' } } }
  for _, option in ipairs(question.options) do
    rows[#rows + 1] = { { M.KEYS[option.scope] .. '  ', 'AgentlsKey' }, { clean.one_line(option.label) } }
    -- Nobody would hear the words where no turn asks.
    if option.scope == 'never' and question.permissionId then
      rows[#rows + 1] = { { M.FEEDBACK_KEY .. '  ', 'AgentlsKey' }, { 'Refuse, and say what to do instead' } }
    end
  end
  return rows
end

---@param question table parameters of `session/requestPermission`
---@param ticked table<integer, boolean> items that an answer for longer holds for
---@return agentls.Block block, table<integer, integer> items by line (from 1)
function M.block(question, ticked)
  local rows, items = {}, {}
  for _, some in ipairs({
    title_rows(question),
    trust_rows(question),
    sandbox_rows(question),
    path_rows(question),
    item_rows(question, ticked),
    answer_rows(question),
    diff_rows(question),
  }) do
    for _, row in ipairs(some) do
      rows[#rows + 1] = row
      items[#rows] = row.item
    end
  end
  return block.of_pieces('question', rows), items
end

---The rules that an answer holds for: those of the ticked items.
function M.ticked_rules(question, ticked)
  local rules = {}
  for at, item in ipairs(question.items) do
    if ticked[at] and item.rule ~= '' then
      rules[#rules + 1] = item.rule
    end
  end
  return rules
end

return M
