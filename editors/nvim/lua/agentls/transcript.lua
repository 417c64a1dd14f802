-- What a chat has on screen of its session: messages with their parts, and how updates change them.
-- Pure. Order is `seq`; ids only name. Says after each change which messages have to be drawn again.

---@class agentls.Transcript
---@field messages table[] ascending `seq`
---@field has_before boolean whether the server has earlier ones
---@field status { status: string, detail: string?, retry_at: integer? }
---@field todo table[]
---@field queue table[]
---@field context { used: integer, limit: integer }?
---@field usage table?
---@field changes { messageId: string, files: table[] }?
---@field error table? why the newest turn failed
---@field ended string? why it ended, by the name of its stop reason
---@field recovered string? what an unclean end had interrupted
---@field private by_id table<string, table>
---@field private parts table<string, table>
---@field private event_seq integer?
local Transcript = {}
Transcript.__index = Transcript

local M = {}

---@return agentls.Transcript
function M.new()
  return setmetatable({
    messages = {},
    by_id = {},
    parts = {},
    has_before = false,
    status = { status = 'idle' },
    todo = {},
    queue = {},
  }, Transcript)
end

---Streamed text that is longer than what an update brings of it stays.
local function keep_longer(old, new)
  for _, field in ipairs({ 'text', 'input', 'output' }) do
    local before, after = old[field], new[field]
    if type(before) == 'table' and type(after) == 'table' and after.truncated then
      if #before.text > #after.text and vim.startswith(before.text, after.text) then
        after.text = before.text
        after.truncated = #after.text < after.bytes
      end
    end
  end
end

function Transcript:_enter_part(message, part)
  local old = self.parts[part.id]
  if old then
    keep_longer(old, part)
    part.began, part.took = old.began, old.took
  end
  part.version = (old and old.version or 0) + 1
  self.parts[part.id] = part
  for at, other in ipairs(message.parts) do
    if other.id == part.id then
      message.parts[at] = part
      return
    elseif other.index > part.index then
      table.insert(message.parts, at, part)
      return
    end
  end
  table.insert(message.parts, part)
end

---Where a message of this `seq` stands or belongs.
local function place(messages, seq)
  local low, high = 1, #messages + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    if messages[middle].seq < seq then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

---Takes a message as the server says it is now.
---@return boolean new whether it was not there before
function Transcript:enter(message)
  local parts = message.parts
  local known = self.by_id[message.id]
  local kept = known or message
  if known then
    for name, value in pairs(message) do
      if name ~= 'parts' then
        known[name] = value
      end
    end
  else
    message.parts = {}
    self.by_id[message.id] = message
    table.insert(self.messages, place(self.messages, message.seq), message)
  end
  for _, part in ipairs(parts) do
    self:_enter_part(kept, part)
  end
  return known == nil
end

---Takes a page of messages.
---@return table[] messages that are new
function Transcript:enter_page(page)
  local new = {}
  for _, message in ipairs(page.messages) do
    if self:enter(message) then
      new[#new + 1] = message
    end
  end
  local oldest = self.messages[1]
  if not oldest or (page.messages[1] and page.messages[1].id == oldest.id) then
    self.has_before = page.hasBefore
  end
  return new
end

---@return table?
function Transcript:message(id)
  return self.by_id[id]
end

---@return table?
function Transcript:part(id)
  return self.parts[id]
end

---The message before another one.
---@return table?
function Transcript:before(message)
  return self.messages[place(self.messages, message.seq) - 1]
end

---Puts the whole of a field, or more of it, in the place of its beginning.
function Transcript:fill(part_id, field, text, bytes)
  local part = self.parts[part_id]
  if part then
    part[field] = { text = text, bytes = bytes, truncated = #text < bytes }
    part.version = part.version + 1
  end
  return part
end

local on = {}

function on.status(self, update)
  self.status = { status = update.status, detail = update.detail, retry_at = update.retryAt }
  if update.status == 'running' then
    self.error, self.ended, self.recovered = nil, nil, nil
  end
end

function on.message(self, update)
  self:enter(update.message)
  return update.message.id
end

function on.part(self, update, now)
  local part = update.part
  local message = self.by_id[part.messageId]
  if message then
    local old = self.parts[part.id]
    part.began = old and old.began or now
    self:_enter_part(message, part)
    if part.type == 'reasoning' and part.text.bytes > 0 then
      part.took = now - part.began
    end
    return message.id
  end
end

function on.partDelta(self, update)
  local part = self.parts[update.partId]
  if not part then
    return
  end
  local body = part[update.field] or { text = '', bytes = 0, truncated = false }
  body.text = body.text .. update.text
  body.bytes = body.bytes + #update.text
  part[update.field] = body
  part.version = part.version + 1
  return update.messageId
end

function on.usage(self, update)
  self.usage, self.context = update.usage, update.context
end

function on.compacted(self, update)
  if self.context then
    self.context = { used = update.after, limit = self.context.limit }
  end
end

function on.todo(self, update)
  self.todo = update.items
end

function on.queue(self, update)
  self.queue = update.prompts
end

function on.recovered(self, update)
  self.recovered = update.note
end

function on.error(self, update)
  self.error = update.error
end

function on.changes(self, update)
  self.changes = { messageId = update.messageId, files = update.files }
end

---Takes a `session/update`.
---@param params table
---@param now integer milliseconds, for what only the screen times
---@return string? message_id the message to draw again
---@return boolean gap whether updates before it were lost
function Transcript:apply(params, now)
  local gap = self.event_seq ~= nil and params.eventSeq > self.event_seq + 1
  self.event_seq = params.eventSeq
  local handler = on[params.update.kind]
  return handler and handler(self, params.update, now), gap
end

---Takes how the newest turn ended from a session in which none runs.
---@param session table
function Transcript:take_end(session)
  if session.status == 'idle' then
    local turn = session.lastTurn or {}
    self.error, self.ended = turn.error, turn.stopReason
    self.recovered = session.recovered and session.recovered.note
  end
end

---The next update may have any number: the server was started again.
function Transcript:expect_any()
  self.event_seq = nil
end

return M
