-- Commands at the beginning of a prompt: `/compact`, `/model` and the like. What is not one of ours goes to the server as
-- it is: it may be one of its own (`command/list`).

local M = {}

-- Each with the sub-command of `:Agentls` that it is.
M.commands = {
  new = 'begin a session',
  sessions = 'list the sessions',
  resume = 'choose a session',
  model = 'choose the model',
  agent = 'choose the agent',
  compact = 'make room in the window, with a look at what would go',
  context = 'what the model still sees',
  permissions = 'what is allowed for longer than once',
  trust = 'trust the workspace',
  ledger = 'each call of the provider',
  next = 'the request that would be sent next',
  review = 'review the changes of the turn',
  rename = 'give the session another title',
  fork = 'go on in a copy of the session',
  export = 'write the session to a file',
  archive = 'put the session away',
  cancel = 'stop the turn',
}

---Runs a command of ours.
---@param chat agentls.Chat
---@param text string
---@return boolean whether it was one
function M.run(chat, text)
  local name, rest = text:match('^/(%S+)%s*(.*)$')
  if not name or not M.commands[name] then
    return false
  end
  require('agentls.command').run(name, rest, chat)
  return true
end

return M
