-- Where a chat stands on the screen: its buffer, and the prompt below it.

local clean = require('agentls.clean')
local measure = require('agentls.measure')
local projects = require('agentls.project.cache')
local settings = require('agentls.settings')
local symbols = require('agentls.symbols')

local M = {}

local function set_options(win, options)
  for name, value in pairs(options) do
    vim.api.nvim_set_option_value(name, value, { scope = 'local', win = win })
  end
end

local PLAIN = {
  number = false,
  relativenumber = false,
  signcolumn = 'no',
  foldcolumn = '0',
  foldenable = false,
  list = false,
  spell = false,
  colorcolumn = '',
  cursorcolumn = false,
  statuscolumn = '',
  fillchars = 'eob: ',
  wrap = true,
  linebreak = true,
  breakindent = true,
  breakindentopt = 'list:-1',
}

-- Floating windows on the ground for which all groups are made.
M.FLOAT = 'NormalFloat:Normal,FloatBorder:WinSeparator,FloatTitle:AgentlsQuestionTitle,FloatFooter:AgentlsDim'

---Opens a window for a view beside what the person works on.
---@param buf integer
---@return integer win
function M.open_beside(buf)
  local chat = settings.get().chat
  local size = function(whole)
    return math.max(20, math.floor(whole * chat.size))
  end
  if chat.position == 'right' then
    vim.cmd(('botright vertical %dsplit'):format(size(vim.o.columns)))
  elseif chat.position == 'left' then
    vim.cmd(('topleft vertical %dsplit'):format(size(vim.o.columns)))
  elseif chat.position == 'bottom' then
    vim.cmd(('botright %dsplit'):format(math.max(8, math.floor(vim.o.lines * chat.size))))
  elseif chat.position == 'tab' then
    vim.cmd('tab split')
  end
  local win = vim.api.nvim_get_current_win()
  vim.api.nvim_win_set_buf(win, buf)
  M.dress(win)
  return win
end

---A window for text that is read, not written.
function M.dress(win)
  set_options(win, PLAIN)
  set_options(win, { conceallevel = 2, concealcursor = 'nc' })
  -- What 'breakindentopt' goes by: items of lists, and cards.
  vim.bo[vim.api.nvim_win_get_buf(win)].formatlistpat = [[^\s*\%(\d\+[.)]\|[-*+>]\|[▸▾❯✦]\)\s\+]]
end

---Shows a view in a tab page of its own, so that no other window changes its size. `q` closes it.
---@param buf integer
---@param wrap boolean
function M.open_view(buf, wrap)
  vim.cmd('tab split')
  vim.api.nvim_win_set_buf(0, buf)
  M.dress(0)
  set_options(0, { wrap = wrap, conceallevel = vim.bo[buf].filetype == 'markdown' and 2 or 0 })
  if vim.fn.maparg('q', 'n', false, true).buffer ~= 1 then
    vim.keymap.set('n', 'q', '<Cmd>tabclose<CR>', { buffer = buf, nowait = true, desc = 'agentls: close the view' })
  end
end

---Where a buffer is shown in this tab page.
---@return integer?
function M.showing(buf)
  for _, win in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    if vim.api.nvim_win_get_buf(win) == buf then
      return win
    end
  end
end

---Any chat's window in this tab page, to show another chat in the same place.
---@return integer? chat_win, integer? prompt_win
function M.of_any_chat()
  local chat_win, prompt_win
  for _, win in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    local filetype = vim.bo[vim.api.nvim_win_get_buf(win)].filetype
    if filetype == 'agentls-chat' then
      chat_win = win
    elseif filetype == 'agentls-prompt' then
      prompt_win = win
    end
  end
  return chat_win, prompt_win
end

local function show_prompt(chat_win, prompt_win, buf)
  if prompt_win then
    vim.api.nvim_win_set_buf(prompt_win, buf)
  else
    prompt_win = vim.api.nvim_open_win(buf, false, {
      win = chat_win,
      split = 'below',
      height = settings.get().chat.prompt_lines,
    })
  end
  set_options(prompt_win, PLAIN)
  set_options(prompt_win, { winfixheight = true })
  return prompt_win
end

---Shows a chat with its prompt. The cursor goes into the prompt.
function M.show(chat)
  local chat_win, prompt_win = M.of_any_chat()
  local shown = M.showing(chat.buf)
  if shown then
    chat_win = shown
  elseif chat_win then
    vim.api.nvim_win_set_buf(chat_win, chat.buf)
    M.dress(chat_win)
  else
    chat_win = M.open_beside(chat.buf)
  end
  prompt_win = show_prompt(chat_win, prompt_win, chat.prompt_buf)
  vim.api.nvim_win_set_cursor(chat_win, { vim.api.nvim_buf_line_count(chat.buf), 0 })
  M.label(chat)
  vim.api.nvim_set_current_win(prompt_win)
end

---Hides a chat and its prompt.
function M.hide(chat)
  for _, buf in ipairs({ chat.prompt_buf, chat.buf }) do
    local win = M.showing(buf)
    if win and #vim.api.nvim_tabpage_list_wins(0) > 1 then
      vim.api.nvim_win_close(win, false)
    end
  end
end

---What stands at the right of a chat's bar: agent, model, meter, cost.
local function figures(chat)
  local transcript, model = chat.transcript, chat.wanted_model or chat.session.model
  local words = {
    clean.one_line(chat.wanted_agent or chat.session.agent, 40),
    clean.one_line(model.provider .. '/' .. model.id, 60),
  }
  local context = transcript.context
  if context and context.limit > 0 then
    words[#words + 1] = ('%s of %s'):format(measure.share(context.used, context.limit), measure.count(context.limit))
  end
  words[#words + 1] = transcript.usage and measure.cost(transcript.usage.costUsd) or nil
  return table.concat(words, '  ')
end

---A title that leaves room for what stands beside it.
local function fitting(title, room)
  if vim.fn.strdisplaywidth(title) <= room then
    return title
  end
  return vim.fn.strcharpart(title, 0, math.max(1, room - 1)) .. '…'
end

local function escaped(text)
  return (text:gsub('%%', '%%%%'))
end

local STATUS_GROUP = { idle = 'AgentlsCompleted', waiting = 'AgentlsWaiting', retrying = 'AgentlsRetrying' }

---Writes title, model and meter above the chat, and the keys above the prompt.
function M.label(chat)
  local status = chat.transcript.status.status
  local right = figures(chat)
  local project = projects.get(chat.session.projectId)
  local trust = project and project.trust ~= 'trusted' and 'read only  ' or ''
  local sign = status == 'idle' and symbols.completed or status == 'waiting' and symbols.waiting or symbols.running
  for _, win in ipairs(vim.fn.win_findbuf(chat.buf)) do
    local room = vim.api.nvim_win_get_width(win) - vim.fn.strdisplaywidth(trust .. right) - 7
    vim.wo[win][0].winbar = ('%%#%s# %s %%#AgentlsBar#%s%%=%%#AgentlsWaiting#%s%%#AgentlsDim#%s '):format(
      STATUS_GROUP[status] or 'AgentlsRunning',
      sign,
      escaped(fitting(clean.one_line(chat.session.title, 200), room)),
      trust,
      escaped(right)
    )
  end
  local send = status == 'idle' and '<CR> or <C-s> sends  @ adds context' or '<CR> queues  gs steers  gi interrupts  gx stops'
  for _, win in ipairs(vim.fn.win_findbuf(chat.prompt_buf)) do
    vim.wo[win][0].winbar = ('%%#AgentlsBar# Prompt%%=%%#AgentlsDim#%s  ? keys '):format(send)
  end
end

return M
