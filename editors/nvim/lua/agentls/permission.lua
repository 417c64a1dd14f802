-- A question for permission, in a small window. Its keys are pairs, work nowhere else, and not within the first moment
-- after the cursor came in: nothing is allowed or refused by accident.

local chats = require('agentls.chat')
local clean = require('agentls.clean')
local keys = require('agentls.keys')
local painter = require('agentls.chat.painter')
local render = require('agentls.render.permission')
local settings = require('agentls.settings')
local symbols = require('agentls.symbols')
local windows = require('agentls.chat.windows')

local M = {}

---@type agentls.Key[]
M.keys = {
  { render.KEYS.once, 'once', 'allow once' },
  { render.KEYS.session, 'session', 'allow for this session' },
  { render.KEYS.project, 'project', 'allow for this project' },
  { render.KEYS.never, 'never', 'refuse' },
  { render.FEEDBACK_KEY, 'words', 'refuse, and say what to do instead' },
  { '<Space>', 'tick', 'tick or untick an item' },
  { 'gq', 'hide', 'hide; :Agentls answer shows it again' },
}

local Window = {}
Window.__index = Window

---Where the window stands: over the end of the session's chat, else in the middle of the screen.
local function placement(session_id, lines)
  local chat = chats.of(session_id)
  local over = chat and windows.showing(chat.buf)
  local columns = over and vim.api.nvim_win_get_width(over) or vim.o.columns
  -- Without the bar above the chat.
  local rows = over and vim.api.nvim_win_get_height(over) - 1 or vim.o.lines - 4
  -- As wide as the chat, border and all, so that nothing of it looks out at the sides.
  local width = math.max(20, math.min(100, columns - 2))
  local height = 0
  for _, line in ipairs(lines) do
    height = height + math.max(1, math.ceil(vim.fn.strdisplaywidth(line) / width))
  end
  height = math.max(1, math.min(height, rows - 4))
  return {
    relative = over and 'win' or 'editor',
    win = over,
    width = width,
    height = height,
    row = math.max(0, rows - height - 2),
    col = math.max(0, math.floor((columns - width - 2) / 2)),
  }
end

function Window:_draw()
  local block, items = render.block(self.params, self.ticked)
  self.items = items
  self.painter:set('question', { block })
  return block
end

---What is asked, and in which session where the window does not stand over it.
local function title(question, over)
  if question.tool == render.WORKSPACE then
    return (' %s Do you trust this workspace? '):format(symbols.waiting)
  end
  local chat = not over and chats.of(question.sessionId)
  local where = chat and (', in “%s”'):format(clean.one_line(chat.session.title, 40)) or ''
  return (' %s Permission: %s%s '):format(symbols.waiting, clean.one_line(question.tool, 40), where)
end

local function footer(question)
  local words = question.permissionId and { 'g<CR> comes here', 'gq hides', '? keys' } or { 'gq closes', '? keys' }
  if #render.ticked_rules(question, vim.fn['repeat']({ true }, #question.items)) > 0 then
    table.insert(words, 1, '<Space> ticks')
  end
  return (' %s '):format(table.concat(words, '   '))
end

function Window:_open(focus)
  local block = self:_draw()
  local where = placement(self.params.sessionId, block.lines)
  self.win = vim.api.nvim_open_win(self.buf, focus, vim.tbl_extend('force', where, {
    style = 'minimal',
    border = 'rounded',
    title = title(self.params, where.win),
    footer = footer(self.params),
    zindex = 60,
  }))
  windows.dress(self.win)
  vim.wo[self.win][0].winhighlight = windows.FLOAT
  self.focused_at = vim.uv.now()
end

---Answers with the option of a scope, if it is offered and the cursor has been here long enough to mean it.
function Window:_answer(scope, feedback)
  if vim.uv.now() - self.focused_at < settings.get().permission.guard then
    return
  end
  for _, option in ipairs(self.params.options) do
    if option.scope == scope then
      local longer = scope == 'session' or scope == 'project'
      return self.reply({
        optionId = option.id,
        items = longer and render.ticked_rules(self.params, self.ticked) or nil,
        feedback = feedback,
      })
    end
  end
end

local acts = {}

---Refuses, and says what to do instead.
function acts.words(self)
  vim.ui.input({ prompt = 'What should it do instead? ' }, function(words)
    if words and vim.trim(words) ~= '' then
      self:_answer('never', words)
    end
  end)
end

function acts.tick(self)
  local item = self.items[vim.fn.line('.')]
  if item and self.params.items[item].rule ~= '' then
    self.ticked[item] = not self.ticked[item]
    self:_draw()
  end
end

function acts.hide(self)
  -- Where no turn waits, nobody would come back to it.
  if not self.params.permissionId then
    return self.reply(nil)
  end
  self:_hide()
  self.hidden()
end

function Window:_hide()
  if self.win and vim.api.nvim_win_is_valid(self.win) then
    vim.api.nvim_win_close(self.win, true)
  end
  self.win = nil
end

function Window:_map()
  keys.map(self.buf, 'question', M.keys, function(act)
    if acts[act] then
      return acts[act](self)
    end
    self:_answer(act)
  end)
  -- The beginnings of the pairs wait for their second key as long as it takes, and mean nothing alone.
  vim.keymap.set('n', 'y', '<Nop>', { buffer = self.buf, desc = 'agentls: nothing alone' })
  vim.keymap.set('n', 'n', '<Nop>', { buffer = self.buf, desc = 'agentls: nothing alone' })
end

function Window:visible()
  return self.win ~= nil and vim.api.nvim_win_is_valid(self.win)
end

function Window:focus()
  if not self:visible() then
    return self:_open(true)
  end
  vim.api.nvim_set_current_win(self.win)
  self.focused_at = vim.uv.now()
end

function Window:close()
  self:_hide()
  pcall(vim.api.nvim_buf_delete, self.buf, { force = true })
end

---@param asked agentls.Asked
---@param focus boolean
function M.show(asked, focus)
  local buf = vim.api.nvim_create_buf(false, true)
  vim.bo[buf].filetype = 'agentls-question'
  vim.bo[buf].modifiable = false
  local self = setmetatable({ params = asked.params, reply = asked.reply, hidden = asked.hidden, buf = buf, ticked = {} }, Window)
  self.painter = painter.new(buf)
  for at in ipairs(asked.params.items) do
    self.ticked[at] = true
  end
  vim.api.nvim_create_autocmd('WinEnter', {
    buffer = buf,
    callback = function()
      self.focused_at = vim.uv.now()
    end,
  })
  self:_map()
  self:_open(focus)
  return {
    close = function()
      self:close()
    end,
    focus = function()
      self:focus()
    end,
    visible = function()
      return self:visible()
    end,
  }
end

return M
