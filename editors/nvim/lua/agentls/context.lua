-- The views of what the model still sees: the map with its pieces, the ledger, the next request.

local buffers = require('agentls.chat.buffers')
local clean = require('agentls.clean')
local history = require('agentls.chat.history')
local json = require('agentls.render.json')
local keys = require('agentls.keys')
local measure = require('agentls.measure')
local methods = require('agentls.protocol').methods
local painter = require('agentls.chat.painter')
local render = require('agentls.render.context')
local server = require('agentls.server')
local steps = require('agentls.render.steps')
local tell = require('agentls.tell')
local windows = require('agentls.chat.windows')

local M = {}

---@type agentls.Key[]
M.keys = {
  { '<CR>', 'detail', 'the digest that stands for the piece, and the whole behind it' },
  { 's', 'sort', 'sort by size, or by place' },
  { 'C', 'compact', 'make room, with a look at what would go' },
  { 'L', 'ledger', 'each call of the provider' },
  { 'N', 'next_request', 'the request that would be sent next' },
  { 'R', 'read', 'read it again' },
  { 'q', 'close', 'close the view' },
}

---Draws blocks into a view of their own.
local function show_blocks(name, blocks)
  local buf = buffers.scratch(name, 'agentls-view')
  vim.bo[buf].bufhidden = 'wipe'
  local drawn = painter.fill(buf, blocks)
  windows.open_view(buf, false)
  return drawn
end

local function show_text(name, text, filetype)
  local buf = buffers.text(name, clean.lines(text, 8000), filetype)
  windows.open_view(buf, true)
end

local SOURCES = {
  stored = 'what the model sees in the place of the result, as it was written when the tool completed',
  recomputed = 'what the model sees in the place of the result, made again from what is stored',
  notCompacted = 'the model still sees the result itself; this would stand for it',
}

---Shows the digest of a tool result, and the result behind it.
local function show_evidence(item)
  server.request(methods.part_evidence, { partId = item.partId }, tell.or_else(function(evidence)
    history.read(item.partId, 'output', function(output, bytes)
      local text = ('-- digest: %s\n\n%s\n\n-- the whole: %s\n\n%s'):format(
        SOURCES[evidence.source],
        evidence.text,
        measure.bytes(bytes),
        output
      )
      show_text('agentls://evidence ' .. item.partId, text, 'agentls-output')
    end)
  end))
end

local acts = {}

function acts.detail(self)
  local block = self.painter:at(vim.fn.line('.'))
  local item = block and block.item
  if not item or not item.partId then
    return tell.info('this stands for several pieces, or has nothing behind it')
  elseif item.kind == 'tool' then
    return show_evidence(item)
  end
  history.read(item.partId, 'text', function(text)
    show_text('agentls://part ' .. item.partId, text, 'markdown')
  end)
end

local function read(self)
  server.request(methods.session_context, { sessionId = self.session_id }, tell.or_else(function(report)
    if vim.api.nvim_buf_is_valid(self.buf) then
      self.report = report
      self.painter:set('report', render.blocks(report, self.order))
    end
  end))
end

acts.read = read

function acts.sort(self)
  self.order = self.order == 'size' and 'place' or 'size'
  self.painter:set('report', render.blocks(self.report, self.order))
end

function acts.compact(self)
  require('agentls.compact').ask(self.session_id, '', function()
    read(self)
  end)
end

function acts.ledger(self)
  M.ledger(self.session_id)
end

function acts.next_request(self)
  M.next_request(self.session_id)
end

function acts.close()
  vim.cmd.tabclose()
end

---@param session_id string
function M.open(session_id)
  local self = { session_id = session_id, order = 'size' }
  self.buf = buffers.scratch('agentls://context ' .. session_id, 'agentls-view')
  vim.bo[self.buf].bufhidden = 'wipe'
  self.painter = painter.new(self.buf)
  keys.map(self.buf, 'context', M.keys, function(act)
    acts[act](self)
  end)
  windows.open_view(self.buf, false)
  vim.wo[0][0].cursorline = true
  read(self)
end

---@param session_id string
function M.ledger(session_id)
  server.request(methods.session_steps, { sessionId = session_id, limit = 500 }, tell.or_else(function(result)
    show_blocks('agentls://ledger ' .. session_id, steps.blocks(result.steps))
  end))
end

---What a forecast of the provider's cache says.
local function forecast_line(forecast)
  local line = ('cache: %s of %s tokens were sent before'):format(
    measure.count(forecast.cachedTokens),
    measure.count(forecast.tokens)
  )
  return forecast.miss and line .. ', but none will be found: ' .. tostring(forecast.miss) or line
end

---@param session_id string
function M.next_request(session_id)
  server.request(methods.session_next_request, { sessionId = session_id }, tell.or_else(function(request)
    local lines = {
      ('// %s %s'):format(request.method, request.url),
      ('// %s, %s (%s)'):format(measure.bytes(request.bytes), request.threading.mode, request.threading.reason),
      '// ' .. forecast_line(request.forecast),
    }
    for name, value in vim.spairs(request.headers) do
      lines[#lines + 1] = ('// %s: %s'):format(name, value)
    end
    for _, note in ipairs(request.notes) do
      lines[#lines + 1] = '// ' .. note
    end
    lines[#lines + 1] = json.pretty(request.body)
    show_text('agentls://next ' .. session_id, table.concat(lines, '\n'), 'jsonc')
  end))
end

return M
