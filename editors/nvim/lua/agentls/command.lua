-- `:Agentls <sub> …`: a table of sub-commands, each with what it does, and completion for them.

local chats = require('agentls.chat')
local server = require('agentls.server')
local tell = require('agentls.tell')

local M = {}

---@class agentls.Sub
---@field [1] string what it does
---@field [2] fun(call: { rest: string, chat: agentls.Chat?, first: integer?, last: integer? })
---@field complete string[]? what may follow

---Runs `act` with the chat that the call means, or says that there is none.
local function in_chat(act)
  return function(call)
    if call.chat then
      return act(call.chat, call)
    end
    chats.require(function(chat)
      act(chat, call)
    end)
  end
end

---Runs a function of a module, which is loaded only then.
local function from(module, name)
  return function(...)
    return require('agentls.' .. module)[name](...)
  end
end

---@type table<string, agentls.Sub>
M.subs = {
  chat = { 'show or hide the chat; begins one where there is none', function()
    chats.toggle()
  end },
  new = { 'begin a session in the current directory', function()
    chats.new()
  end },
  send = { 'send the rest of the line as a prompt', function(call)
    chats.with(function(chat)
      from('prompt', 'send_text')(chat, call.rest)
    end)
  end },
  sessions = { 'list the sessions', function()
    from('sessions', 'open')()
  end },
  resume = { 'choose a session and open it', function(call)
    if call.rest ~= '' then
      return chats.open(call.rest)
    end
    from('sessions', 'pick')()
  end },
  rename = { 'give the session another title', in_chat(function(chat)
    from('sessions', 'rename')(chat.session)
  end) },
  fork = { 'go on in a copy of the session', in_chat(function(chat)
    from('sessions', 'fork')(chat.session.id)
  end) },
  archive = { 'put the session away', in_chat(function(chat)
    from('sessions', 'archive')(chat.session, true)
  end) },
  delete = { 'delete the session for good, after a question', in_chat(function(chat)
    from('sessions', 'delete')(chat.session)
  end) },
  export = { 'write the session to a file', in_chat(function(chat)
    from('sessions', 'export')(chat.session)
  end) },
  model = { 'choose the model', in_chat(from('models', 'choose')) },
  agent = { 'choose the agent, or take the one that is named', in_chat(function(chat, call)
    from('agents', 'choose')(chat, call.rest)
  end) },
  queue = { 'edit or remove a prompt that waits', in_chat(from('queue', 'edit')) },
  cancel = { 'stop the turn', in_chat(from('chat.acts', 'stop')) },
  answer = { 'go to the open question', function()
    from('questions', 'focus')()
  end },
  context = { 'what the model still sees', in_chat(function(chat)
    from('context', 'open')(chat.session.id)
  end) },
  ledger = { 'each call of the provider: bytes, tokens, cache, cost', in_chat(function(chat)
    from('context', 'ledger')(chat.session.id)
  end) },
  next = { 'the request that would be sent next', in_chat(function(chat)
    from('context', 'next_request')(chat.session.id)
  end) },
  compact = { 'make room in the window, with a look at what would go', in_chat(function(chat, call)
    from('compact', 'ask')(chat.session.id, call.rest)
  end) },
  permissions = { 'what is allowed for longer than once, and taking it back', in_chat(from('approvals', 'choose')) },
  trust = { 'trust the workspace and what it brings, or `revoke` that', function(call)
    from('trust', 'command')(call.rest)
  end, complete = { 'revoke' } },
  projects = { 'choose a project, and what to do with it', function()
    from('project.choose', 'choose')()
  end },
  review = { 'review the changes of the newest turn', in_chat(from('changes', 'review')) },
  add = { 'put the file, or the lines of the range, into the prompt', function(call)
    from('ask', 'add')(call)
  end },
  ask = { 'ask about the file or the lines of the range', function(call)
    from('ask', 'ask')(call)
  end },
  explain = { 'have the file or the lines of the range explained', function(call)
    from('ask', 'explain')(call)
  end },
  fix = { 'have the diagnostic on the line, or those of the range, fixed', function(call)
    from('ask', 'fix')(call)
  end },
  image = { 'put the image of the clipboard into the prompt', in_chat(from('clipboard', 'add_image')) },
  start = { 'start the server', function()
    from('restarts', 'forget')()
    server.start()
  end },
  stop = { 'stop the server', function()
    server.stop()
  end },
  restart = { 'start the server anew', function()
    server.restart()
  end },
  status = { 'what the server knows of itself', function()
    from('about', 'status')()
  end },
  logs = { 'open the log of the server', function()
    from('about', 'logs')()
  end },
  version = { 'versions of plugin, protocol and server', function()
    from('about', 'version')()
  end },
  doctor = { 'check the installation and configuration', function()
    from('about', 'doctor')()
  end },
}

---Runs a sub-command of a chat.
---@param name string
---@param rest string
---@param chat agentls.Chat?
function M.run(name, rest, chat)
  M.subs[name][2]({ rest = rest, chat = chat })
end

---For `nvim_create_user_command`.
function M.execute(given)
  local name, rest = given.args:match('^(%S*)%s*(.*)$')
  name = name == '' and 'chat' or name
  local sub = M.subs[name]
  if not sub then
    return tell.warn(('there is no :Agentls %s (:help :Agentls)'):format(name))
  end
  local ranged = given.range > 0
  sub[2]({ rest = rest, first = ranged and given.line1 or nil, last = ranged and given.line2 or nil })
end

---For `nvim_create_user_command`.
function M.complete(lead, line)
  local before = line:match('^.-Agentls!?%s+(.*)$') or ''
  local sub = M.subs[before:match('^(%S+)%s')]
  local words = sub and (sub.complete or {}) or not before:match('%s') and vim.tbl_keys(M.subs) or {}
  words = vim.tbl_filter(function(word)
    return vim.startswith(word, lead)
  end, words)
  table.sort(words)
  return words
end

return M
