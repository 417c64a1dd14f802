local block = require('agentls.render.block')
local check = require('check')
local chunks = require('agentls.render.chunks')
local highlight = require('agentls.chat.highlight')

---The highlights of a text's closed blocks, as `group text`.
local function groups(text)
  local found = {}
  for _, one in ipairs(chunks.new({}):update(text)) do
    local marks
    vim.wait(5000, function()
      marks = highlight.of(one, function() end)
      return marks and (#marks > 0 or not one.closed)
    end)
    for _, mark in ipairs(marks) do
      if mark.row == mark.end_row then
        found[mark.hl .. ' ' .. one.lines[mark.row + 1]:sub(mark.col + 1, mark.end_col)] = true
      end
    end
  end
  return found
end

return {
  ['Markdown and code with a parser are highlighted by it'] = function()
    local found = groups('some **bold** words\n\n```lua\nlocal x = 1\n```\nbehind\n')
    check.is_true(found['@markup.strong.markdown_inline **bold**'], vim.inspect(found))
    check.is_true(found['@keyword.lua local'], vim.inspect(found))
  end,

  ['code without a parser is highlighted by its syntax file'] = function()
    vim.cmd('syntax on')
    local found = groups('```python\ndef f():\n    return "x"\n```\nbehind\n')
    check.is_true(found['Statement def'] and found['Statement return'], vim.inspect(found))
    check.is_true(next(groups('```../../etc/passwd\nx\n```\nbehind\n')) ~= nil)
  end,

  ['text that no parser gets through holds nothing up'] = function()
    local odd = block.new('text', vim.split(('- item\n'):rep(2300), '\n'), { lang = 'lua', closed = true, bytes = 16100 })
    -- Seconds of this process: what others do meanwhile does not count.
    local began = os.clock()
    highlight.of(odd, function() end)
    check.is_true(os.clock() - began < 1)
  end,
}
