-- A tool call as a card: a line with its state, what it does and how long it took; below it, opened, what came out.
-- Pure.

local block = require('agentls.render.block')
local call = require('agentls.render.call')
local clean = require('agentls.clean')
local measure = require('agentls.measure')
local symbols = require('agentls.symbols')

local M = {}

local STATUS_GROUP = {
  pending = 'AgentlsPending',
  running = 'AgentlsRunning',
  completed = 'AgentlsCompleted',
  error = 'AgentlsFailed',
}

-- Lines of a running call's output that are shown without being asked for.
local LIVE_LINES = 5

-- Bytes of a title that are shown: about a line.
local TITLE_BYTES = 90

-- Bytes of a line of output that are shown.
local LINE_BYTES = 500

local INDENT = '    '

---The mark of a line of a diff.
local function diff_group(line)
  local sign = line:sub(1, 1)
  if line:match('^%+%+%+ ') or line:match('^%-%-%- ') or line:match('^%*%*%*') then
    return 'AgentlsDiffFile'
  end
  return sign == '+' and 'AgentlsAdded' or sign == '-' and 'AgentlsRemoved' or sign == '@' and 'AgentlsDiffHunk' or nil
end

---Adds indented lines in one group, or as a diff.
local function add_lines(target, lines, group, is_diff)
  for _, line in ipairs(lines) do
    local row = #target.lines
    target.lines[row + 1] = line == '' and '' or INDENT .. line
    local own = is_diff and diff_group(line) or group
    if own and line ~= '' then
      table.insert(target.marks, { row = row, col = #INDENT, end_col = #INDENT + #line, hl = own })
    end
  end
end

local function add_note(target, text)
  add_lines(target, { text }, 'AgentlsDim')
end

---The lines of a text without the empty one at the end.
local function lines_of(text)
  local lines = clean.lines(text, LINE_BYTES)
  if lines[#lines] == '' then
    lines[#lines] = nil
  end
  return lines
end

---What an opened card shows below its line.
local function add_body(target, part, options)
  local text, lang = call.shown(part)
  local lines = lines_of(text)
  local most = options.output_lines
  add_lines(target, vim.list_slice(lines, 1, most), 'AgentlsOutput', lang == 'diff')
  local missing = call.missing(part)
  if #lines > most or missing then
    local whole = missing and part[missing]
    local size = whole and measure.bytes(whole.bytes) or ('%d lines'):format(#lines)
    add_note(target, ('⋯ %s in all: o opens it in a buffer'):format(size))
  elseif #lines == 0 and part.status == 'completed' then
    add_note(target, '(no output)')
  end
end

---The newest lines of what a running call prints.
local function add_live(target, part)
  if part.output and part.output.text ~= '' then
    local lines = lines_of(part.output.text:sub(-4096))
    add_lines(target, vim.list_slice(lines, math.max(1, #lines - LIVE_LINES + 1)), 'AgentlsOutput')
  end
end

---The figures at the right edge.
local function right(part, now)
  local pieces = {}
  if part.compactedAt then
    pieces[#pieces + 1] = { 'as evidence  ', 'AgentlsEvidence' }
  end
  local duration = call.duration(part, now)
  if duration and (part.status == 'completed' or part.status == 'error' or duration > 1000) then
    pieces[#pieces + 1] = { measure.duration(duration), 'AgentlsDim' }
  end
  return #pieces > 0 and pieces or nil
end

---The files that the call produced, by name.
local function add_attachments(target, part)
  for _, file in ipairs(part.attachments or {}) do
    add_note(target, ('%s %s (%s)'):format(symbols.file, clean.one_line(file.name or file.mime, 120), measure.bytes(file.bytes)))
  end
end

---@param part table a part of type `tool`
---@param options { unfolded: boolean, output_lines: integer, now: integer }
---@return agentls.Block
function M.block(part, options)
  local fold = options.unfolded and symbols.open or symbols.folded
  local group = STATUS_GROUP[part.status]
  local card = block.of_pieces('card', {
    {
      { fold .. ' ', 'AgentlsDim' },
      { symbols[part.status] .. ' ', group },
      { clean.one_line(part.tool, 60), 'AgentlsTool' },
      { '  ' },
      { clean.line(call.title(part), TITLE_BYTES), 'AgentlsTitle' },
    },
  }, { part_id = part.id, message_id = part.messageId, action = 'fold' })
  table.insert(card.marks, { row = 0, right = right(part, options.now) })
  if part.error then
    add_lines(card, vim.list_slice(lines_of(part.error), 1, options.unfolded and 50 or 2), 'AgentlsFailed')
  end
  add_attachments(card, part)
  if options.unfolded then
    add_body(card, part, options)
  elseif part.status == 'running' then
    add_live(card, part)
  end
  return card
end

return M
