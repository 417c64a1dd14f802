-- Words to the person, outside of any view.

local clean = require('agentls.clean')

local M = {}

local function notify(text, level, most)
  vim.notify('agentls: ' .. clean.one_line(text, most), level)
end

---What fits into a line, so that no key has to be pressed to go on.
local function line_bytes()
  return math.max(60, vim.o.columns - 25)
end

function M.info(text)
  notify(text, vim.log.levels.INFO, line_bytes())
end

function M.warn(text)
  notify(text, vim.log.levels.WARN, line_bytes())
end

-- Levels of `window/showMessage`, the gravest first.
local LEVELS = { vim.log.levels.ERROR, vim.log.levels.WARN, vim.log.levels.INFO, vim.log.levels.INFO }

---What the server has to say by itself, such as mistakes in the configuration.
---@param params { type: integer, message: string }
function M.message(params)
  notify(params.message, LEVELS[params.type] or vim.log.levels.INFO, 1000)
end

---A failure with its cure.
---@param failure agentls.Failure
function M.failure(failure)
  local text = clean.one_line(failure.message, 500)
  notify(failure.cure and ('%s: %s'):format(text, failure.cure) or text, vim.log.levels.ERROR, 1000)
end

---A callback that tells failures and calls `act` with results.
---@param act fun(result: any)
function M.or_else(act)
  return function(failure, result)
    if failure then
      return M.failure(failure)
    end
    act(result)
  end
end

return M
