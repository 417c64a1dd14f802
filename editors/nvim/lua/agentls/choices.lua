-- A question of the model to the person, by `vim.ui.select` and `vim.ui.input`.

local clean = require('agentls.clean')
local tell = require('agentls.tell')

local M = {}

local OTHER = 'Something else…'

---@param question { question: string, options: string[] }
---@param done fun(answer: string?)
local function ask_one(question, done)
  local text = clean.one_line(question.question)
  if #(question.options or {}) == 0 then
    return vim.ui.input({ prompt = text .. ' ' }, done)
  end
  local choices = vim.list_extend(vim.list_slice(question.options), { OTHER })
  local options = {
    prompt = text,
    kind = 'agentls-question',
    format_item = function(choice)
      return clean.one_line(choice)
    end,
  }
  vim.ui.select(choices, options, function(choice)
    if choice == OTHER then
      return vim.ui.input({ prompt = text .. ' ' }, done)
    end
    done(choice)
  end)
end

---Asks one question after the other. Whoever leaves one open is asked again by `:Agentls answer`.
---@param asked agentls.Asked
---@param left fun(): boolean whether nobody waits for the answers any more
---@param done fun() called when nothing is asked any more
local function ask_all(asked, left, done)
  local answers = {}
  local function next_one()
    local question = asked.params.questions[#answers + 1]
    if not question then
      done()
      return asked.reply({ answers = answers })
    end
    ask_one(question, function(answer)
      if left() then
        return tell.info('the turn went on without an answer')
      elseif not answer then
        done()
        tell.info('the question stays open (:Agentls answer)')
        return asked.hidden()
      end
      answers[#answers + 1] = answer
      next_one()
    end)
  end
  next_one()
end

---@param asked agentls.Asked
---@param focus boolean
function M.show(asked, focus)
  local asking, closed = false, false
  local function ask()
    if asking then
      return
    end
    asking = true
    vim.schedule(function()
      ask_all(asked, function()
        return closed
      end, function()
        asking = false
      end)
    end)
  end
  if focus then
    ask()
  else
    tell.warn('the model asks you something (:Agentls answer)')
  end
  return {
    close = function()
      closed = true
    end,
    focus = ask,
    visible = function()
      return asking
    end,
  }
end

return M
