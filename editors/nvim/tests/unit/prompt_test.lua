local check = require('check')
local mention = require('agentls.mention')

return {
  ['files and lines are found, addresses are not'] = function()
    check.equal(mention.find('look at @src/a.lua, @b.lua:3 and (@c.lua:3-9) or me@example.org @"d e.txt:2"'), {
      { path = 'd e.txt', first = 2, last = 2 },
      { path = 'src/a.lua' },
      { path = 'b.lua', first = 3, last = 3 },
      { path = 'c.lua', first = 3, last = 9 },
    })
    check.equal(mention.find('@a @a'), { { path = 'a' } })
    check.equal(mention.find('nothing'), {})
  end,

  ['a word for lines is found again'] = function()
    for _, row in ipairs({ { 'a.lua' }, { 'a.lua', 3, 3 }, { 'a b.lua', 3, 9 } }) do
      local found = mention.find('x ' .. mention.word(unpack(row)) .. ' y')
      check.equal(found, { { path = row[1], first = row[2], last = row[3] } })
    end
  end,

  ['a prompt brings what it names'] = function()
    local root = vim.fn.tempname()
    vim.fn.mkdir(root .. '/sub', 'p')
    vim.fn.writefile({ 'one', 'two' }, root .. '/a.lua')
    vim.fn.writefile({ 'x' }, root .. '/sub/b.lua')
    local file = assert(io.open(root .. '/i.png', 'wb'))
    file:write('\137PNG')
    file:close()
    local parts = mention.parts('see @a.lua:2 @sub @i.png @missing', root)
    check.equal(#parts, 4)
    check.equal(parts[1], { type = 'text', text = 'see @a.lua:2 @sub @i.png @missing' })
    check.equal(parts[2].range, { start = { line = 1, character = 0 }, ['end'] = { line = 2, character = 0 } })
    check.equal(parts[3].text, 'b.lua')
    check.equal(parts[4], { type = 'image', mime = 'image/png', base64 = 'iVBORw==' })
  end,
}
