-- What the model still sees, as lines: the meter, the map of the history, its pieces with size and fate. Pure.

local block = require('agentls.render.block')
local clean = require('agentls.clean')
local measure = require('agentls.measure')
local symbols = require('agentls.symbols')

local M = {}

local METER_CELLS = 64
local MAP_CELLS = 192

-- Of each fate: its sign, its group, its name.
local FATES = {
  full = { sign = 'full', group = 'AgentlsFull', name = 'in full' },
  evidence = { sign = 'evidence', group = 'AgentlsEvidence', name = 'evidence' },
  summarized = { sign = 'summary', group = 'AgentlsSummary', name = 'summarised' },
  outside = { sign = 'free', group = 'AgentlsDim', name = 'outside' },
}

---Whether a piece is part of the next request by itself: evidence of calls before the window stands within the summary.
local function is_sent(report, item)
  return item.fate == 'full' or (item.fate == 'evidence' and item.seq >= report.windowStartSeq)
end

---Tokens by what they are, of what is sent.
local function sums(report)
  local result = { fragments = 0, full = 0, evidence = 0, summary = 0 }
  for _, fragment in ipairs(report.fragments) do
    result.fragments = result.fragments + fragment.tokens
  end
  for _, item in ipairs(report.items) do
    if is_sent(report, item) then
      local kind = item.kind == 'summary' and 'summary' or item.fate
      result[kind] = result[kind] + item.tokens
    end
  end
  return result
end

---The window as a bar: what fills it, what is free, and where compaction starts.
local function meter(report)
  local total = math.max(report.limit, 1)
  local parts = sums(report)
  local segments = {
    { parts.fragments, 'full', 'AgentlsHeading' },
    { parts.summary, 'summary', 'AgentlsSummary' },
    { parts.evidence, 'evidence', 'AgentlsEvidence' },
    { parts.full, 'full', 'AgentlsFull' },
  }
  local pieces, cells = {}, 0
  for _, segment in ipairs(segments) do
    local width = segment[1] > 0 and math.max(1, math.floor(segment[1] * METER_CELLS / total + 0.5)) or 0
    width = math.min(width, METER_CELLS - cells)
    pieces[#pieces + 1] = { symbols[segment[2]]:rep(width), segment[3] }
    cells = cells + width
  end
  local usable = math.floor(report.usable * METER_CELLS / total)
  local before = math.max(0, usable - cells)
  pieces[#pieces + 1] = { symbols.free:rep(before), 'AgentlsFree' }
  pieces[#pieces + 1] = { '|', 'AgentlsWaiting' }
  pieces[#pieces + 1] = { symbols.free:rep(math.max(0, METER_CELLS - cells - before)), 'AgentlsFree' }
  return pieces
end

local function head(report)
  local model = report.model.provider .. '/' .. report.model.id
  local used = ('  %s of %s tokens (%s)'):format(
    measure.count(report.used),
    measure.count(report.limit),
    measure.share(report.used, report.limit)
  )
  local next_one = ('next request: %s (%s)'):format(report.threading.mode, report.threading.reason)
  local bar = meter(report)
  bar[#bar + 1] = { used }
  local about = ('compaction starts at %s; %s kept free; %s of it estimated'):format(
    measure.count(report.usable),
    measure.count(report.reserved),
    measure.count(report.estimated)
  )
  return block.of_pieces('heading', {
    { { 'What the model still sees', 'AgentlsHeading' }, { '   ' .. clean.one_line(model, 80), 'AgentlsDim' } },
    { { '' } },
    bar,
    { { about, 'AgentlsDim' } },
    {
      { symbols.full .. ' instructions, tools  ', 'AgentlsHeading' },
      { symbols.summary .. ' summary  ', 'AgentlsSummary' },
      { symbols.evidence .. ' evidence  ', 'AgentlsEvidence' },
      { symbols.full .. ' in full  ', 'AgentlsFull' },
      { symbols.free .. ' free or not sent  ', 'AgentlsFree' },
      { '| compaction', 'AgentlsWaiting' },
    },
    { { clean.one_line(next_one), 'AgentlsDim' } },
  })
end

---The fate of each cell of the map: as many tokens as the next one, oldest first.
local function cells(report)
  local total = 0
  for _, item in ipairs(report.items) do
    total = total + item.tokens
  end
  local fates, sum = {}, 0
  for _, item in ipairs(report.items) do
    sum = sum + item.tokens
    while total > 0 and #fates < math.ceil(sum * MAP_CELLS / total) do
      fates[#fates + 1] = item.fate
    end
  end
  return fates
end

---The history from its beginning to now, by fate.
local function map(report)
  local rows = { { { '' } }, { { 'The history, oldest first', 'AgentlsHeading' } } }
  for at, name in ipairs(cells(report)) do
    if (at - 1) % METER_CELLS == 0 then
      rows[#rows + 1] = {}
    end
    local fate = FATES[name]
    table.insert(rows[#rows], { symbols[fate.sign], fate.group })
  end
  return block.of_pieces('map', rows)
end

local function fragments(report)
  local rows = { { { '' } }, { { 'Before the history, in each request', 'AgentlsHeading' } } }
  for _, fragment in ipairs(report.fragments) do
    rows[#rows + 1] = {
      { ('%8s  '):format(measure.count(fragment.tokens)) },
      { clean.one_line(fragment.name, 80), 'AgentlsTitle' },
    }
  end
  return block.of_pieces('fragments', rows)
end

---What a piece is, in words.
local function words(item)
  local kind = item.tool or item.kind
  local title = item.title and '  ' .. clean.one_line(item.title, 90) or ''
  local several = item.parts > 1 and ('  (%d parts)'):format(item.parts) or ''
  return clean.one_line(kind, 40), title .. several
end

local function item_row(item)
  local fate = FATES[item.fate]
  local kind, title = words(item)
  return {
    { ('%8s  '):format(measure.count(item.tokens)) },
    { ('%s %-10s  '):format(symbols[fate.sign], fate.name), fate.group },
    { ('#%-5d '):format(item.seq), 'AgentlsDim' },
    { kind, 'AgentlsTool' },
    { title, 'AgentlsTitle' },
  }
end

---The pieces in the order that is wanted.
---@param order 'size' | 'place'
local function sorted(items, order)
  local result = vim.list_slice(items)
  if order == 'size' then
    local place = {}
    for at, item in ipairs(items) do
      place[item] = at
    end
    table.sort(result, function(a, b)
      if a.tokens ~= b.tokens then
        return a.tokens > b.tokens
      end
      return place[a] < place[b]
    end)
  end
  return result
end

---@param report table result of `session/context`
---@param order 'size' | 'place'
---@return agentls.Block[]
function M.blocks(report, order)
  local blocks = { head(report), map(report), fragments(report) }
  local title = order == 'size' and 'The history, widest first' or 'The history, in order'
  blocks[#blocks + 1] = block.of_pieces('heading', {
    { { '' } },
    { { title, 'AgentlsHeading' }, { '   <CR> digest and whole   ? keys', 'AgentlsDim' } },
  })
  for _, item in ipairs(sorted(report.items, order)) do
    blocks[#blocks + 1] = block.of_pieces('item', { item_row(item) }, { item = item })
  end
  return blocks
end

return M
