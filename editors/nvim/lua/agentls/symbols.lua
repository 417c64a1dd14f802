-- The signs of all views, as pictograms or in plain ASCII.

local settings = require('agentls.settings')

local pictograms = {
  user = '❯', assistant = '✦', open = '▾', folded = '▸',
  pending = '…', running = '◐', completed = '✓', error = '✗', waiting = '●', idle = '·', archived = '▫',
  file = '▤', note = '─', retry = '↻', queued = '⏳', child = '↳',
  todo_pending = '☐', todo_active = '▶', todo_done = '☑', todo_dropped = '☒',
  full = '█', evidence = '▒', summary = '▓', free = '░',
}

local ascii = {
  user = '>', assistant = '*', open = 'v', folded = '>',
  pending = '.', running = '~', completed = '+', error = 'x', waiting = '!', idle = '-', archived = '_',
  file = '#', note = '-', retry = '@', queued = '=', child = '\\',
  todo_pending = '[ ]', todo_active = '[>]', todo_done = '[x]', todo_dropped = '[-]',
  full = '#', evidence = '=', summary = '%', free = '.',
}

return setmetatable({}, {
  __index = function(_, name)
    return (settings.get().symbols and pictograms or ascii)[name]
  end,
})
