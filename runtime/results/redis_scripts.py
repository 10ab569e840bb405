"""What the Redis store does atomically, as scripts that the server runs.

The keys are Celery's. A chord's parts are counted as stock workers count them, so that both may work at one chord: ``.j`` the parts (sorted
by index), ``.d`` which of them were counted, ``.s`` how many there are, ``.t`` how many more, ``.c`` who sends the body, or ``done``.
"""

from __future__ import annotations

#: KEYS: the tasks' documents. ARGV: milliseconds to keep (0: for ever), states kept of one task; then for each task its document and
#: ``1`` if it is final. Answers the places (from 1) of those that were not taken, because there is a final document, or one that cannot be
#: read here: the caller looks at those.
STORE = """
local expires, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local ready = {SUCCESS = true, FAILURE = true, REVOKED = true}
local left = {}
for i, key in ipairs(KEYS) do
  local document, final = ARGV[1 + 2 * i], ARGV[2 + 2 * i] == '1'
  local head = redis.call('GETRANGE', key, 0, 63)
  local status = string.match(head, '^{"status": ?"([^"]*)"')
  if head ~= '' and (not status or ready[status]) then
    left[#left + 1] = i
  else
    if expires > 0 then
      redis.call('SET', key, document, 'PX', expires)
    else
      redis.call('SET', key, document)
    end
    local states = key .. '.states'
    if not final then
      redis.pcall('RPUSH', states, document)
      redis.pcall('LTRIM', states, -most, -1)
    end
    if expires > 0 then
      redis.pcall('PEXPIRE', states, expires)
    end
    redis.call('PUBLISH', key, document)
  end
end
return left
"""

#: KEYS: a task's document. ARGV: milliseconds to keep, states kept, the new document, ``1`` if it is final, and the digest of what is
#: there now (empty: nothing). Answers 1 if it was still so.
COMPARE_AND_STORE = """
local now = redis.call('GET', KEYS[1])
local digest = now and redis.sha1hex(now) or ''
if digest ~= ARGV[5] then
  return 0
end
local expires, states = tonumber(ARGV[1]), KEYS[1] .. '.states'
if expires > 0 then
  redis.call('SET', KEYS[1], ARGV[3], 'PX', expires)
else
  redis.call('SET', KEYS[1], ARGV[3])
end
if ARGV[4] ~= '1' then
  redis.pcall('RPUSH', states, ARGV[3])
  redis.pcall('LTRIM', states, -tonumber(ARGV[2]), -1)
end
if expires > 0 then
  redis.pcall('PEXPIRE', states, expires)
end
redis.call('PUBLISH', KEYS[1], ARGV[3])
return 1
"""

#: KEYS: .j .t .s .d .c. ARGV: which part (task id and index), the part, its index, milliseconds to keep, milliseconds of a claim.
#: Answers the parts, in order, to the call that completes the chord; else nothing.
CHORD_PART = """
local parts, more, size, counted, claim = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local part, expires = ARGV[1], tonumber(ARGV[4])
local claimed = redis.call('GET', claim)
if claimed == 'done' then
  return false
end
if redis.call('SADD', counted, part) == 1 then
  redis.call('ZADD', parts, ARGV[3], ARGV[2])
end
if expires > 0 then
  for i = 1, 4 do
    redis.call('PEXPIRE', KEYS[i], expires)
  end
end
local wanted = redis.call('GET', size)
if not wanted then
  return false
end
if redis.call('ZCARD', parts) ~= tonumber(wanted) + tonumber(redis.call('GET', more) or 0) then
  return false
end
if claimed and claimed ~= part then
  return false
end
redis.call('SET', claim, part, 'PX', tonumber(ARGV[5]))
return redis.call('ZRANGE', parts, 0, -1)
"""

#: KEYS: as above. ARGV: seconds for which late parts are still known as such.
CLOSE_CHORD = """
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
redis.call('SET', KEYS[5], 'done', 'EX', tonumber(ARGV[1]))
return 1
"""
