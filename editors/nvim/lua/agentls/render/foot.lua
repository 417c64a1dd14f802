-- What stands below the newest message: what the session does, the todo list, the prompts that wait. Pure.

local block = require('agentls.render.block')
local clean = require('agentls.clean')
local symbols = require('agentls.symbols')

local M = {}

local WORDS = {
  running = 'Working…',
  waiting = 'Waiting for you',
  retrying = 'Waiting for the provider',
  compacting = 'Making room in the window…',
}

local GROUP = { waiting = 'AgentlsWaiting', retrying = 'AgentlsRetrying' }

---The line that says what the session does; none when it is idle.
local function status_row(transcript, now)
  local status = transcript.status
  local words = WORDS[status.status]
  if not words then
    return nil
  end
  if status.detail then
    words = words .. ': ' .. clean.one_line(status.detail)
  end
  if status.retry_at then
    words = ('%s, again in %d s'):format(words, math.max(0, math.ceil((status.retry_at - now) / 1000)))
  end
  local sign = status.status == 'retrying' and symbols.retry or status.status == 'waiting' and symbols.waiting or symbols.running
  return { { sign .. ' ' .. words, GROUP[status.status] or 'AgentlsRunning' } }
end

-- Entries of a list that are shown: it is drawn with every paint.
local MOST = 30

---Says how many entries a list has beyond those that are shown.
local function add_rest(rows, list)
  if #list > MOST then
    rows[#rows + 1] = { { ('  ⋯ %d more'):format(#list - MOST), 'AgentlsDim' } }
  end
end

---The entries of a todo list that are shown: from a little before the first one that is not done.
local function shown_todo(items)
  local first = 1
  while items[first] and (items[first].status == 'done' or items[first].status == 'dropped') do
    first = first + 1
  end
  first = #items > MOST and math.max(1, math.min(first - 3, #items - MOST + 1)) or 1
  return vim.list_slice(items, first, first + MOST - 1)
end

local function add_todo(rows, items)
  local done = 0
  for _, item in ipairs(items) do
    done = done + (item.status == 'done' and 1 or 0)
  end
  rows[#rows + 1] = { { ('Todo  %d of %d'):format(done, #items), 'AgentlsHeading' } }
  for _, item in ipairs(shown_todo(items)) do
    local group = item.status == 'active' and 'AgentlsRunning' or (item.status ~= 'pending' and 'AgentlsDim') or nil
    rows[#rows + 1] = {
      { '  ' .. symbols['todo_' .. item.status] .. ' ', group },
      { clean.one_line(item.text), group },
    }
  end
  add_rest(rows, items)
end

local function add_queue(rows, prompts)
  rows[#rows + 1] = { { ('%d waiting  (gq edits them)'):format(#prompts), 'AgentlsHeading' } }
  for _, prompt in ipairs(vim.list_slice(prompts, 1, MOST)) do
    rows[#rows + 1] = { { '  ' .. symbols.queued .. ' ', 'AgentlsDim' }, { clean.one_line(prompt.text, 120) } }
  end
  add_rest(rows, prompts)
end

local function add_changes(rows, changes)
  local added, removed = 0, 0
  for _, file in ipairs(changes.files) do
    added, removed = added + file.additions, removed + file.deletions
  end
  rows[#rows + 1] = {
    { ('%d file%s changed  '):format(#changes.files, #changes.files == 1 and '' or 's'), 'AgentlsHeading' },
    { ('+%d '):format(added), 'AgentlsAdded' },
    { ('-%d'):format(removed), 'AgentlsRemoved' },
    { '  (gr reviews them)', 'AgentlsDim' },
  }
end

local function add_failure(rows, failure)
  rows[#rows + 1] = { { symbols.error .. ' ' .. clean.one_line(failure.message, 1000), 'AgentlsFailed' } }
  if failure.cure then
    rows[#rows + 1] = { { '  ' .. clean.one_line(failure.cure), 'AgentlsCure' } }
  end
end

-- Ends of a turn that are not plain from its messages.
local ENDS = {
  cancelled = 'Stopped.',
  maxTokens = 'The answer ends here: it is as long as the model may write.',
  maxSteps = 'Stopped after as many steps as a turn may have. Another prompt goes on.',
  refusal = 'The model refused to answer.',
  permissionRejected = 'Stopped, because a permission was refused.',
}

---How the newest turn ended, where nothing goes on.
local function add_end(rows, transcript)
  local words = transcript.recovered or ENDS[transcript.ended]
  if words and transcript.status.status == 'idle' then
    rows[#rows + 1] = { { clean.one_line(words, 1000), 'AgentlsNote' } }
  end
end

---Whether the transcript already shows this failure with its message.
local function is_shown(transcript, failure)
  local last = transcript.messages[#transcript.messages]
  return last and last.error and last.error.message == failure.message
end

---What the session does, or how its newest turn ended.
local function add_state(rows, transcript, now)
  if transcript.error and not is_shown(transcript, transcript.error) then
    add_failure(rows, transcript.error)
  end
  add_end(rows, transcript)
  rows[#rows + 1] = status_row(transcript, now)
end

---@param transcript agentls.Transcript
---@param down agentls.Failure? why the server is not there
---@param now integer
---@return agentls.Block?
function M.block(transcript, down, now)
  local rows = {}
  local unfinished = vim.iter(transcript.todo):any(function(item)
    return item.status == 'pending' or item.status == 'active'
  end)
  if unfinished then
    add_todo(rows, transcript.todo)
  end
  -- A prompt that is being answered is a message already.
  local waiting = vim.tbl_filter(function(prompt)
    return transcript:message(prompt.messageId) == nil
  end, transcript.queue)
  if #waiting > 0 then
    add_queue(rows, waiting)
  end
  if transcript.changes and #transcript.changes.files > 0 then
    add_changes(rows, transcript.changes)
  end
  if down then
    add_failure(rows, down)
    rows[#rows + 1] = { { '  <CR> starts it', 'AgentlsKey' } }
  else
    add_state(rows, transcript, now)
  end
  if #rows == 0 then
    return nil
  end
  table.insert(rows, 1, { { '' } })
  return block.of_pieces('foot', rows, { action = 'foot' })
end

return M
