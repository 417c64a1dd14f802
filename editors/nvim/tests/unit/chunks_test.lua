local check = require('check')
local chunks = require('agentls.render.chunks')
local drawn = require('drawn')

local TEXT = table.concat({
  '# Title', '', 'A paragraph', 'of two lines.', '', '- one', '', '  more of one', '- two', '', '```lua', 'local x = 1', '',
  'return x', '```', 'behind it', '', '1. first',
}, '\n')

return {
  ['a text is the same however it is cut into deltas'] = function()
    local whole = drawn.lines(chunks.new({}):update(TEXT))
    check.equal(whole, vim.split(TEXT, '\n'))
    for step = 1, 7 do
      local growing = chunks.new({})
      local blocks
      for stop = step, #TEXT + step, step do
        blocks = growing:update(TEXT:sub(1, stop))
      end
      check.equal(drawn.lines(blocks), whole)
    end
  end,

  ['what is closed stays the same table'] = function()
    local growing = chunks.new({})
    local before = growing:update('one\n\ntwo')
    local first = before[1]
    local after = growing:update('one\n\ntwo and more\n\nthree')
    check.equal(#before, 2)
    check.equal(#after, 3)
    check.is_true(rawequal(after[1], first))
    check.is_true(after[1].closed and not after[3].closed)
  end,

  ['a fence is a chunk of its own, also with empty lines in it'] = function()
    local blocks = chunks.new({}):update('before\n```lua\na\n\nb\n```\nbehind')
    check.equal(vim.tbl_map(function(block) return #block.lines end, blocks), { 1, 5, 1 })
    check.equal({ blocks[1].fence or 'none', blocks[2].fence, blocks[3].fence or 'none' }, { 'none', 'lua', 'none' })
  end,

  ['a shorter or other mark does not close a fence'] = function()
    local blocks = chunks.new({}):update('````md\n```\n~~~\n````\nbehind')
    check.equal(blocks[1].lines, { '````md', '```', '~~~', '````' })
  end,

  ['huge blocks are cut, and code goes on as code'] = function()
    local blocks = chunks.new({}):update('```python\n' .. ('x = 1\n'):rep(20000))
    check.is_true(#blocks > 3)
    check.equal(blocks[2].lang, 'python')
    local prose = chunks.new({}):update(('- item\n'):rep(10000))
    for _, block in ipairs(prose) do
      check.is_true(block.bytes < 9000)
    end
    check.equal(#drawn.lines(prose), 10000)
  end,

  ['another text begins anew'] = function()
    local growing = chunks.new({})
    growing:update('one\n\ntwo')
    check.equal(drawn.lines(growing:update('other')), { 'other' })
  end,
}
