"""The sides from which BGP is judged: what an UPDATE says, how sessions begin and end, what recurses, what flaps."""
