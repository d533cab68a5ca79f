"""The parts of the judge of neighbour discovery: packets as tcpdump prints them."""
