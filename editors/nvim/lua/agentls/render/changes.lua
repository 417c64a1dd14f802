-- The changes of a turn as lines: files with their hunks, and what was said of each. Pure.

local block = require('agentls.render.block')
local clean = require('agentls.clean')
local symbols = require('agentls.symbols')

local M = {}

local VERDICTS = {
  open = { ' ', 'AgentlsDim', '' },
  accepted = { 'completed', 'AgentlsCompleted', '  accepted' },
  rejected = { 'error', 'AgentlsFailed', '  rejected' },
}

local SIGNS = { ['+'] = 'AgentlsAdded', ['-'] = 'AgentlsRemoved' }

local function file_block(file)
  local rows = {
    { { '' } },
    {
      { clean.one_line(file.path, 200), 'AgentlsHeading' },
      { '  ' .. file.status, 'AgentlsDim' },
      { ('  +%d '):format(file.additions), 'AgentlsAdded' },
      { ('-%d'):format(file.deletions), 'AgentlsRemoved' },
    },
  }
  if file.note then
    rows[3] = { { '  ' .. clean.one_line(file.note), 'AgentlsDim' } }
  end
  return block.of_pieces('file', rows, { file = file })
end

local WAITING = { 'waiting', 'AgentlsWaiting', '  rejected when the turn ends' }

---What names a hunk among all of a turn.
function M.key(file, hunk)
  return file.path .. '\n' .. hunk.id
end

local function hunk_block(file, hunk, waits)
  local verdict = waits and WAITING or VERDICTS[hunk.verdict]
  local sign = verdict == VERDICTS.open and ' ' or symbols[verdict[1]]
  local place = ('@@ -%d,%d +%d,%d @@'):format(hunk.oldStart, hunk.oldLines, hunk.newStart, hunk.newLines)
  local gone = (not hunk.applies and hunk.verdict == 'open') and '  the file was changed since' or ''
  local rows = {
    { { sign .. ' ', verdict[2] }, { place, 'AgentlsDiffHunk' }, { verdict[3], verdict[2] }, { gone, 'AgentlsWaiting' } },
  }
  for _, line in ipairs(clean.lines((hunk.text:gsub('\n$', '')), 500)) do
    rows[#rows + 1] = { { line, hunk.verdict == 'rejected' and 'AgentlsDim' or SIGNS[line:sub(1, 1)] } }
  end
  return block.of_pieces('hunk', rows, { file = file, hunk = hunk })
end

---How many hunks wait for a verdict.
---@param changes table result of `session/changes`
function M.open_hunks(changes)
  local open = 0
  for _, file in ipairs(changes.files) do
    for _, hunk in ipairs(file.hunks) do
      open = open + (hunk.verdict == 'open' and 1 or 0)
    end
  end
  return open
end

---@param changes table result of `session/changes`
---@param waiting table<string, boolean> hunks, by `key`, whose rejection waits for the end of the turn
---@return agentls.Block[]
function M.blocks(changes, waiting)
  local open = M.open_hunks(changes)
  local state = open == 0 and 'all reviewed' or ('%d hunk%s to review'):format(open, open == 1 and '' or 's')
  if changes.running then
    state = state .. '; the turn is running, rejections wait for its end'
  end
  local blocks = {
    block.of_pieces('heading', { { { 'Changes of the turn', 'AgentlsHeading' }, { '   ' .. state .. '   ? keys', 'AgentlsDim' } } }),
  }
  for _, file in ipairs(changes.files) do
    blocks[#blocks + 1] = file_block(file)
    for _, hunk in ipairs(file.hunks) do
      blocks[#blocks + 1] = hunk_block(file, hunk, waiting[M.key(file, hunk)])
    end
  end
  if #changes.files == 0 then
    blocks[#blocks + 1] = block.of_pieces('note', { { { 'Nothing was changed.', 'AgentlsDim' } } })
  end
  return blocks
end

return M
