-- Methods that newer servers have, in the shape of `protocol`. One is called only when the server that runs announces it.

return {
  methods = {
    permission_list = 'permission/list',
    permission_revoke = 'permission/revoke',
  },
}
