"""The scripts that a receiver runs inside Redis. Each is atomic: a consumer may die before it or after it, never within."""

from __future__ import annotations

import hashlib
from typing import NamedTuple


class Script(NamedTuple):
    """A script and the digest that Redis knows it by."""

    text: str
    digest: str


def script(text: str) -> Script:
    """A script."""
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


#: Take messages and register them as unacknowledged, in kombu's form: a score in the index, ``[message, exchange, routing key]``
#: in the hash. The exchange is "" and the key that of the queue, so that one that is restored comes back to this queue alone.
#:
#: KEYS: the index, the hash, and the lists, level by level of priority. ARGV: how many at most, the score, what tags begin
#: with, the number before the first one's, how many queues take turns (all of them, or 1: each is emptied before the next), how
#: many there are, and their names as JSON.
#: Returns the number of the queue (from 0) and the message, again and again; an error of a list comes last, as its text alone.
TAKE = script("""
local most, score, prefix, number, width = tonumber(ARGV[1]), ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local queues = tonumber(ARGV[6])
local out, failure = {}, nil
for level = 3, #KEYS, width do
  local open = {}
  for offset = 0, width - 1 do open[#open + 1] = offset end
  while most > 0 and #open > 0 do
    local still = {}
    for _, offset in ipairs(open) do
      if most == 0 then break end
      local raw = redis.pcall('RPOP', KEYS[level + offset])
      if type(raw) == 'table' then
        failure = raw.err
      elseif raw then
        most = most - 1
        number = number + 1
        local tag = prefix .. number
        redis.call('ZADD', KEYS[1], score, tag)
        local queue = (level + offset - 3) % queues
        redis.call('HSET', KEYS[2], tag, '[' .. raw .. ', "", ' .. ARGV[7 + queue] .. ']')
        out[#out + 1] = queue
        out[#out + 1] = raw
        still[#still + 1] = offset
      end
    end
    open = still
  end
  if most == 0 then break end
end
if failure then out[#out + 1] = failure end
return out
""")

#: Give messages back: each to the lists it belongs to, where it is taken next; only what is still registered, so that of two
#: who try only one succeeds.
#:
#: KEYS: the index, the hash. ARGV: for each message its tag, to how many lists it goes, and for each of them its key and the message.
#: Returns how many were given back.
RESTORE = script("""
local at, given = 1, 0
while at <= #ARGV do
  local tag, many = ARGV[at], tonumber(ARGV[at + 1])
  redis.call('ZREM', KEYS[1], tag)
  if redis.call('HDEL', KEYS[2], tag) == 1 then
    given = given + 1
    for each = 0, many - 1 do
      redis.call('RPUSH', ARGV[at + 2 + 2 * each], ARGV[at + 3 + 2 * each])
    end
  end
  at = at + 2 + 2 * many
end
return given
""")
