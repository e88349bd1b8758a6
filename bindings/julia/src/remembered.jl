# What is made once and found again.

# Nobody waits for a table: where another task uses it, or the code that a finalizer has interrupted, a value is made
# anew. So it is, from then on, where Ctrl-C came just while the lock was held.
struct Table{K,V}
    lock::Threads.SpinLock
    made::Dict{K,V}
end

Table{K,V}() where {K,V} = Table(Threads.SpinLock(), Dict{K,V}())

# A table that is full is emptied: what is in use is held by whoever uses it.
const most_remembered = 8192

function find(table::Table, key)
    trylock(table.lock) || return nothing
    found = get(table.made, key, nothing)
    unlock(table.lock)
    return found
end

function keep!(table::Table, key, value)
    trylock(table.lock) || return value
    length(table.made) < most_remembered || empty!(table.made)
    table.made[key] = value
    unlock(table.lock)
    return value
end

@inline function remembered(make, table::Table{K}, key::K) where {K}
    found = find(table, key)
    return found === nothing || !is_live(found) ? keep!(table, key, make()) : found
end
