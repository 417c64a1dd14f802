-- Figures as people read them. Pure.

local M = {}

---`950`, `12.3k`, `1.2M`.
---@param count number
function M.count(count)
  if count < 1000 then
    return ('%d'):format(count)
  elseif count < 999950 then
    return ('%.1fk'):format(count / 1000)
  end
  return ('%.1fM'):format(count / 1e6)
end

---`512 B`, `8.4 KiB`, `1.0 MiB`.
---@param bytes integer
function M.bytes(bytes)
  if bytes < 1024 then
    return ('%d B'):format(bytes)
  elseif bytes < 1024 * 1024 then
    return ('%.1f KiB'):format(bytes / 1024)
  end
  return ('%.1f MiB'):format(bytes / (1024 * 1024))
end

---`12 ms`, `1.2 s`, `3 min 5 s`.
---@param ms number
function M.duration(ms)
  if ms < 1000 then
    return ('%d ms'):format(ms)
  elseif ms < 9950 then
    return ('%.1f s'):format(ms / 1000)
  elseif ms < 60000 then
    return ('%d s'):format(ms / 1000)
  end
  return ('%d min %d s'):format(math.floor(ms / 60000), math.floor(ms / 1000) % 60)
end

---How long ago: `now`, `5 min`, `3 h`, `12 d`, `2 y`.
---@param at integer milliseconds since the epoch
---@param now integer
function M.age(at, now)
  local minutes = math.max(0, math.floor((now - at) / 60000))
  if minutes < 1 then
    return 'now'
  elseif minutes < 60 then
    return ('%d min'):format(minutes)
  elseif minutes < 48 * 60 then
    return ('%d h'):format(math.floor(minutes / 60))
  elseif minutes < 730 * 24 * 60 then
    return ('%d d'):format(math.floor(minutes / 1440))
  end
  return ('%d y'):format(math.floor(minutes / 525600))
end

---`$0.42`; nothing where it costs nothing.
---@param usd number
function M.cost(usd)
  if usd <= 0 then
    return ''
  end
  return usd < 0.01 and '<$0.01' or ('$%.2f'):format(usd)
end

---`42 %`
function M.share(part, whole)
  return whole > 0 and ('%d %%'):format(math.floor(part * 100 / whole + 0.5)) or '–'
end

---All tokens of a `Usage`.
function M.tokens(usage)
  return usage.input + usage.output + usage.reasoning + usage.cacheRead + usage.cacheWrite
end

---The time of day of a timestamp.
---@param at integer milliseconds since the epoch
function M.clock(at)
  return os.date('%H:%M', math.floor(at / 1000))
end

return M
