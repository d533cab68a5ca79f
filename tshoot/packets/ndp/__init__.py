"""The sides from which neighbour discovery is judged: who rewrites, who is silent, who claims twice, who advertises."""
