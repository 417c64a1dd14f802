-- Prompts that wait for the end of the turn: taken back into the prompt, or removed.

local clean = require('agentls.clean')
local methods = require('agentls.protocol').methods
local server = require('agentls.server')
local tell = require('agentls.tell')

local M = {}

---Withdraws a prompt; `done` is called when it was still waiting.
local function withdraw(chat, prompt, done)
  local params = { sessionId = chat.session.id, messageId = prompt.messageId }
  server.request(methods.session_unqueue, params, tell.or_else(function(result)
    if not result.removed then
      return tell.info('it is being answered already')
    end
    done()
  end))
end

local function choose_act(chat, prompt)
  vim.ui.select({ 'Edit', 'Remove' }, { prompt = clean.one_line(prompt.text, 60) }, function(act)
    if act then
      withdraw(chat, prompt, function()
        if act == 'Edit' then
          -- What is being written stays, behind what comes back.
          require('agentls.prompt').put_before(chat, prompt.text)
          require('agentls.chat.acts').prompt(chat)
        end
      end)
    end
  end)
end

---@param chat agentls.Chat
function M.edit(chat)
  server.request(methods.session_queue, { sessionId = chat.session.id }, tell.or_else(function(result)
    local waiting = vim.tbl_filter(function(prompt)
      return chat.transcript:message(prompt.messageId) == nil
    end, result.prompts)
    if #waiting == 0 then
      return tell.info('no prompt waits')
    end
    local options = {
      prompt = 'Waiting prompts',
      kind = 'agentls-queue',
      format_item = function(prompt)
        return clean.one_line(prompt.text, 100)
      end,
    }
    vim.ui.select(waiting, options, function(prompt)
      if prompt then
        choose_act(chat, prompt)
      end
    end)
  end))
end

return M
