-- When a server that died is started again: a little later each time, three times in five minutes, then not by itself.
-- Pure: the clock is given.

local M = {}

local MOST = 3
local WINDOW_MS = 5 * 60 * 1000
local FIRST_DELAY_MS = 250

local deaths = {} ---@type integer[]

---Counts a death at `now` (milliseconds). The delay before the next start; nil when a person has to decide.
---@param now integer
---@return integer?
function M.delay(now)
  deaths = vim.tbl_filter(function(at)
    return now - at < WINDOW_MS
  end, deaths)
  if #deaths >= MOST then
    return nil
  end
  deaths[#deaths + 1] = now
  return FIRST_DELAY_MS * 4 ^ (#deaths - 1)
end

---A person started or stopped it: the count begins anew.
function M.forget()
  deaths = {}
end

return M
