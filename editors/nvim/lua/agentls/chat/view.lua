-- Draws a session's transcript into its chat buffer, at most twenty times a second, and only what changed.

local foot = require('agentls.render.foot')
local message_view = require('agentls.render.message')
local painter = require('agentls.chat.painter')
local settings = require('agentls.settings')

local View = {}
View.__index = View

local M = {}

-- Between two paints, in milliseconds.
local FRAME_MS = 50
-- Between two paints of what only the clock changes.
local TICK_MS = 1000

local FOOT = 'foot'

local function now()
  local seconds, micros = vim.uv.gettimeofday()
  return seconds * 1000 + math.floor(micros / 1000)
end

M.now = now

---@param buf integer
---@param transcript agentls.Transcript
function M.new(buf, transcript)
  local self = setmetatable({
    buf = buf,
    transcript = transcript,
    painter = painter.new(buf),
    dirty = {},
    unfolded = {},
    painted_at = 0,
    down = nil,
  }, View)
  self.messages = message_view.new(function(part_id)
    return self:_options(part_id)
  end)
  self.painter:set(FOOT, {})
  return self
end

function View:_options(part_id)
  local chat = settings.get().chat
  local unfolded = self.unfolded[part_id]
  if unfolded == nil then
    unfolded = chat.unfolded
  end
  return { unfolded = unfolded, output_lines = chat.output_lines, now = now() }
end

---Draws a message with the next paint.
---@param message_id string?
function View:touch(message_id)
  if message_id then
    self.dirty[message_id] = true
  end
  if self.scheduled then
    return
  end
  self.scheduled = true
  local wait = math.max(0, self.painted_at + FRAME_MS - vim.uv.now())
  vim.defer_fn(function()
    self:paint()
  end, wait)
end

---Windows that show the newest line, and will after the paint.
function View:_following()
  local last = vim.api.nvim_buf_line_count(self.buf)
  return vim.tbl_filter(function(win)
    return vim.api.nvim_win_get_cursor(win)[1] >= last
  end, vim.fn.win_findbuf(self.buf))
end

local function follow(wins, buf)
  local last = vim.api.nvim_buf_line_count(buf)
  for _, win in ipairs(wins) do
    vim.api.nvim_win_set_cursor(win, { last, 0 })
  end
end

---Draws a message below the one before it.
function View:_draw(message)
  local before = self.transcript:before(message)
  local kind = before and self.painter:last_kind(before.id)
  self.painter:set(message.id, self.messages:blocks(message, before, kind), self:_next_drawn(message))
end

---The group before which a new message belongs: that of the next message that is drawn, else the foot.
function View:_next_drawn(message)
  local messages, layout = self.transcript.messages, self.painter.layout
  local behind = FOOT
  for at = #messages, 1, -1 do
    local other = messages[at]
    if other.seq <= message.seq then
      break
    elseif layout:place(other.id) then
      behind = other.id
    end
  end
  return behind
end

---The messages to draw, by `seq`.
function View:_due()
  local due = {}
  for id in pairs(self.dirty) do
    due[#due + 1] = self.transcript:message(id)
  end
  table.sort(due, function(a, b)
    return a.seq < b.seq
  end)
  self.dirty = {}
  return due
end

---Draws everything that is due, now.
function View:paint()
  self.scheduled, self.painted_at = false, vim.uv.now()
  if not vim.api.nvim_buf_is_loaded(self.buf) then
    return
  end
  local following = self:_following()
  local due = self:_due()
  -- A stream changes one message, or ends one and begins the next.
  self.painter.live = #due <= 2
  for _, message in ipairs(due) do
    self:_draw(message)
  end
  local block = foot.block(self.transcript, self.down, now())
  self.painter:set(FOOT, { block })
  follow(following, self.buf)
  self:_keep_time()
end

---While something runs, the clock changes what is shown.
function View:_keep_time()
  if self.ticking or self.transcript.status.status == 'idle' then
    return
  end
  self.ticking = true
  vim.defer_fn(function()
    self.ticking = false
    local last = self.transcript.messages[#self.transcript.messages]
    self:touch(last and last.id)
  end, TICK_MS)
end

---Draws the whole transcript anew.
function View:redraw()
  self.painter:clear()
  self.painter:set(FOOT, {})
  self.messages:forget()
  for _, message in ipairs(self.transcript.messages) do
    self.dirty[message.id] = true
  end
  self:paint()
end

---Opens or closes the card of a part.
function View:toggle(part_id, unfolded)
  local before = self:_options(part_id).unfolded
  if unfolded == nil then
    unfolded = not before
  end
  self.unfolded[part_id] = unfolded
  local part = self.transcript:part(part_id)
  self:touch(part and part.messageId)
end

---What stands on a line of the buffer.
function View:at(line)
  return self.painter:at(line)
end

---The line (from 1) on which a message begins.
function View:line_of(message_id)
  local row = self.painter.layout:row_of(message_id)
  return row and row + 1
end

return M
