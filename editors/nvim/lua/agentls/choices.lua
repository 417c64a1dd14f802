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
local function ask_all(asked)
  local answers = {}
  local function next_one()
    local question = asked.params.questions[#answers + 1]
    if not question then
      return asked.reply({ answers = answers })
    end
    ask_one(question, function(answer)
      if not answer then
        return tell.info('the question stays open (:Agentls answer)')
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
  local function focus_it()
    ask_all(asked)
  end
  if focus then
    vim.schedule(focus_it)
  else
    tell.warn('the model asks you something (:Agentls answer)')
  end
  return { close = function() end, focus = focus and function() end or focus_it }
end

return M
