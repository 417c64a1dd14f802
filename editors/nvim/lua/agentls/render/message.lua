-- A message as blocks, part by part. Pure but for what it remembers: the blocks of parts that did not change, so that
-- they are the same tables as before.

local block = require('agentls.render.block')
local card = require('agentls.render.card')
local chunks = require('agentls.render.chunks')
local clean = require('agentls.clean')
local measure = require('agentls.measure')
local symbols = require('agentls.symbols')

---@class agentls.MessageView
local MessageView = {}
MessageView.__index = MessageView

local M = {}

---@param options fun(part_id: string): table how a part is shown: `unfolded`, `output_lines`, `now`
function M.new(options)
  return setmetatable({ options = options, known = {}, chunks = {} }, MessageView)
end

local function indented(lines)
  return vim.tbl_map(function(line)
    return line == '' and '' or '    ' .. line
  end, lines)
end

---A line that opens and closes, and what it holds.
local function folded(part, label, group, options)
  local fold = options.unfolded and symbols.open or symbols.folded
  local head = block.of_pieces('card', { { { fold .. ' ', 'AgentlsDim' }, { label, group } } }, {
    part_id = part.id,
    message_id = part.messageId,
    action = 'fold',
  })
  if options.unfolded then
    for _, line in ipairs(indented(clean.lines(vim.trim(part.text.text), 4000))) do
      table.insert(head.lines, line)
      table.insert(head.marks, { row = #head.lines - 1, col = 0, end_col = #line, hl = group })
    end
    if part.text.truncated then
      table.insert(head.lines, ('    ⋯ %s in all: o opens it in a buffer'):format(measure.bytes(part.text.bytes)))
    end
  end
  return head
end

local render = {}

-- Below this, a duration says nothing.
local BRIEF_MS = 1000

---`Thought for 12 s`, and how the thought begins.
local function thought(part, finished, unfolded)
  local label = 'Thinking…'
  local took = part.endedAt and part.startedAt and part.endedAt - part.startedAt or part.took
  if took and took >= BRIEF_MS then
    label = 'Thought for ' .. measure.duration(took)
  elseif took or finished then
    label = 'Thought'
  end
  local first = not unfolded and part.text.text:match('[^\n]+')
  return first and ('%s · %s'):format(label, clean.one_line((first:gsub('[*`]', '')), 90)) or label
end

function render.reasoning(_, part, options)
  if part.text.bytes == 0 and options.finished then
    return {}
  end
  return { folded(part, thought(part, options.finished, options.unfolded), 'AgentlsReasoning', options) }
end

---What a part of a summary's message is: the summary, or what the server keeps beside it, by its first words.
local function summary_title(text)
  local kept = text:match('^%[agentls%] ([^.:\n]+)')
  return kept and 'Beside the summary: ' .. clean.one_line(kept, 90) or 'The summary that stands for what came before'
end

function render.text(self, part, options)
  if options.summary then
    return { folded(part, summary_title(part.text.text), 'AgentlsEvidence', options) }
  end
  local fields = { part_id = part.id, message_id = part.messageId }
  self.chunks[part.id] = self.chunks[part.id] or chunks.new(fields)
  local blocks = self.chunks[part.id]:update(part.text.text)
  if part.text.truncated then
    local more = ('⋯ %s in all: o opens it in a buffer'):format(measure.bytes(part.text.bytes))
    table.insert(blocks, block.of_pieces('note', { { { more, 'AgentlsDim' } } }, fields))
  end
  return blocks
end

function render.tool(_, part, options)
  return { card.block(part, options) }
end

---A line that says something about the session, not in the words of the model.
local function note(part, text, fields)
  fields = vim.tbl_extend('force', { part_id = part.id, message_id = part.messageId }, fields or {})
  return { block.of_pieces('note', { { { text, 'AgentlsNote' } } }, fields) }
end

function render.file(_, part)
  local name = clean.one_line(part.name or part.uri or part.mime, 120)
  local fields = { action = part.uri and 'file' or nil, uri = part.uri }
  return note(part, ('%s %s (%s)'):format(symbols.file, name, measure.bytes(part.bytes)), fields)
end

---What a command that a person called became, which is what the model reads.
function render.command(_, part, options)
  return { folded(part, '/' .. clean.one_line(part.name, 60) .. ' became', 'AgentlsNote', options) }
end

function render.compaction(_, part)
  local line = symbols.note:rep(2)
  local sizes = part.before > 0 and (': %s → %s tokens'):format(measure.count(part.before), measure.count(part.after)) or ''
  return note(part, ('%s History compacted%s %s'):format(line, sizes, line))
end

function render.patch(_, part)
  local names = vim.tbl_map(function(path)
    return clean.one_line(vim.fs.basename(path), 60)
  end, part.files)
  return note(part, 'Changed: ' .. table.concat(names, ', '))
end

function render.subtask(_, part)
  local text = ('%s %s'):format(symbols.child, clean.one_line(part.description))
  return note(part, text, { action = 'session', session_id = part.sessionId })
end

---What a part looked like is good as long as nothing changed that it was made from.
local function fingerprint(part, options)
  local ticking = part.type == 'tool' and part.status == 'running' and math.floor(options.now / 1000) or 0
  return ('%d %s %s %d'):format(part.version, options.unfolded, options.finished, ticking)
end

function MessageView:_part(part, options)
  local show = render[part.type]
  if not show then
    return {}
  end
  local print = fingerprint(part, options)
  local known = self.known[part.id]
  if not known or known.print ~= print then
    known = { print = print, blocks = show(self, part, options) }
    self.known[part.id] = known
  end
  return known.blocks
end

local function heading(message, of_person)
  local who = of_person and 'You' or (message.model and message.model.provider .. '/' .. message.model.id) or 'agentls'
  local group = of_person and 'AgentlsUser' or 'AgentlsAssistant'
  local sign = of_person and symbols.user or symbols.assistant
  local line = block.of_pieces('heading', { { { sign .. ' ' .. clean.one_line(who, 80), group } } }, {
    message_id = message.id,
    action = 'message',
  })
  table.insert(line.marks, { row = 0, right = { { measure.clock(message.createdAt), 'AgentlsDim' } } })
  return line
end

---The heading of a message stays the same table as long as nothing in it changes.
function MessageView:_heading(message, before)
  local of_person = message.role == 'user'
  local goes_on = before
    and before.role == 'assistant'
    and not before.summary
    and not of_person
    and before.parentId == message.parentId
  if goes_on then
    return nil
  end
  local key = 'heading ' .. message.id .. (of_person and '' or vim.inspect(message.model))
  self.known[key] = self.known[key] or heading(message, of_person)
  return self.known[key]
end

local function failure(message)
  local rows = { { { symbols.error .. ' ' .. clean.one_line(message.error.message, 1000), 'AgentlsFailed' } } }
  if message.error.cure then
    rows[2] = { { '  ' .. clean.one_line(message.error.cure), 'AgentlsCure' } }
  end
  return block.of_pieces('failure', rows, { message_id = message.id })
end

---Puts an empty line where one belongs.
local function spaced(blocks, before)
  local result = {}
  for _, one in ipairs(blocks) do
    local kind = one.kind
    local last = #result > 0 and result[#result] or nil
    local grown = last and last.kind == 'text' and kind == 'text' and last.part_id == one.part_id
    if not grown and block.apart(before, kind) then
      result[#result + 1] = block.gap
    end
    result[#result + 1] = one
    before = kind
  end
  return result, before
end

---@param message table
---@param before table? the message before it
---@param before_kind string? the kind of the last block before it
---@return agentls.Block[] blocks, string? kind of the last one
function MessageView:blocks(message, before, before_kind)
  local blocks = { self:_heading(message, before) }
  for _, part in ipairs(message.parts) do
    local options = self.options(part.id)
    options.summary = message.summary
    options.finished = message.completedAt ~= nil
    vim.list_extend(blocks, self:_part(part, options))
  end
  if message.error then
    local key = 'failure ' .. message.id
    self.known[key] = self.known[key] or failure(message)
    blocks[#blocks + 1] = self.known[key]
  end
  return spaced(blocks, before_kind)
end

---What was remembered of everything is forgotten: options have changed.
function MessageView:forget()
  self.known, self.chunks = {}, {}
end

return M
